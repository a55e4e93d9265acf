package smtpsender

// HelloName is for tests, which cannot rename their host.
var HelloName = helloName
