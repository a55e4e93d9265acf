// Package redisstore tests stores/redisstore on a real Redis: the conformance
// kit on one node and on two, the races of its cache, a Redis that is down,
// hangs or comes back empty, a Redis Cluster, and what a session costs. It is
// here because that module starts no server.
package redisstore
