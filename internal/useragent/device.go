package useragent

import "strings"

// names are what is looked for in a User-Agent, in this order: many browsers
// name those that they are compatible with too.
type names []struct{ part, name string }

var browsers = names{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"OPT/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"}, {"YaBrowser/", "Yandex Browser"},
	{"DuckDuckGo/", "DuckDuckGo"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	{"curl/", "curl"}, {"Wget/", "Wget"}, {"PostmanRuntime/", "Postman"}, {"python-requests/", "Python"},
	{"Go-http-client/", "Go"}, {"okhttp/", "Android"}, {"Dart/", "Dart"},
}

var systems = names{
	{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"FreeBSD", "FreeBSD"}, {"Linux", "Linux"}, {"X11", "Linux"},
}

// Device returns the names of the browser, or other program, and of the system
// in a User-Agent, for people: "Chrome", "Linux". One that is not known is "".
// It is a guess at what the client says of itself, and decides nothing.
func Device(agent string) (browser, system string) {
	return browsers.first(agent), systems.first(agent)
}

func (n names) first(agent string) string {
	for _, known := range n {
		if strings.Contains(agent, known.part) {
			return known.name
		}
	}
	return ""
}
