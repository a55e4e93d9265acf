package harness

// Injections are fragments that mean something to one database or another.
var Injections = []string{
	`' OR '1'='1`, `' OR 1=1 --`, `'; DROP TABLE latchkey_users; --`, `" OR ""="`, `') OR ('1'='1`, `1; SELECT pg_sleep(10)`, `' UNION SELECT * FROM latchkey_sessions --`,
	`\'; --`, `%' OR '%'='`, "`", `$1`, `?`, `?0`, `??`, `:name`, `{"$gt": ""}`, `x\`, `_`, `%`, `*`, `a' || 'b`, `/* x */`, `@@version`, `0x27`, "\u02bc OR 1=1",
}
