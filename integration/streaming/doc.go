// Package streaming proves that a WebSocket is guarded at its handshake and
// ends with the login, over real connections.
package streaming
