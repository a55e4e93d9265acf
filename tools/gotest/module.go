package main

// module is one whose tests run.
type module struct {
	name   string
	left   int           // packages that have not ended
	broken bool          // a package has failed
	few    chan struct{} // closed when one package is left
	ended  chan struct{} // closed at the end of go test
}

// end notes that a package ended.
func (m *module) end() {
	m.left--
	if m.left == 1 {
		close(m.few)
	}
}

// wait returns when go test has ended in the module, if there is one.
func (m *module) wait() {
	if m != nil {
		<-m.ended
	}
}
