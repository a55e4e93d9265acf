package main

import (
	"errors"
	"fmt"
	"slices"
)

// dependencies are, for each released module, the modules that it brings to a
// consumer besides itself and the root module. What is not here is refused: a
// framework, a driver or a test tool must not come along with a part that does
// not need it.
var dependencies = map[string][]string{
	".": {
		"github.com/go-jose/go-jose/v4",
		"github.com/piglig/go-qr", // of pages, for enrolments of apps
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys", // of x/crypto
		"golang.org/x/text",
	},
	"adapters/chiauth": {
		"github.com/go-chi/chi/v5",
	},
	"adapters/echoauth": {
		"github.com/labstack/echo/v5",
	},
	"adapters/fiberauth": {
		"github.com/andybalholm/brotli", // of fasthttp
		"github.com/gofiber/fiber/v3",
		"github.com/gofiber/schema",
		"github.com/gofiber/utils/v2",
		"github.com/google/uuid",
		"github.com/klauspost/compress", // of fasthttp
		"github.com/mattn/go-colorable",
		"github.com/mattn/go-isatty",
		"github.com/philhofer/fwd", // of msgp
		"github.com/tinylib/msgp",
		"github.com/valyala/bytebufferpool", // of fasthttp
		"github.com/valyala/fasthttp",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
	},
	"adapters/ginauth": { // gin has bindings for many formats, and a server for HTTP/3
		"github.com/gabriel-vasile/mimetype",
		"github.com/gin-contrib/sse",
		"github.com/gin-gonic/gin",
		"github.com/go-playground/locales",
		"github.com/go-playground/universal-translator",
		"github.com/go-playground/validator/v10",
		"github.com/goccy/go-yaml",
		"github.com/leodido/go-urn",
		"github.com/mattn/go-isatty",
		"github.com/pelletier/go-toml/v2",
		"github.com/quic-go/qpack",
		"github.com/quic-go/quic-go",
		"github.com/ugorji/go/codec",
		"go.mongodb.org/mongo-driver/v2", // of which its bson alone
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"google.golang.org/protobuf",
	},
	"openapi": {
		"github.com/google/jsonschema-go",
	},
	"openapi/viewer": {},
	"cmd/latchkey": { // a program, with the drivers of all databases
		"filippo.io/edwards25519", // of the driver of MySQL
		"github.com/dustin/go-humanize",
		"github.com/go-jose/go-jose/v4",
		"github.com/go-sql-driver/mysql",
		"github.com/google/uuid",
		"github.com/jackc/pgpassfile",
		"github.com/jackc/pgservicefile",
		"github.com/jackc/pgx/v5",
		"github.com/jackc/puddle/v2",
		"github.com/klauspost/compress",
		"github.com/latchkey-go/latchkey/command",
		"github.com/latchkey-go/latchkey/stores/mongostore",
		"github.com/remyoudompheng/bigfft",
		"github.com/spf13/cobra",
		"github.com/spf13/pflag",
		"github.com/xdg-go/scram",
		"github.com/xdg-go/stringprep",
		"github.com/youmark/pkcs8",
		"go.mongodb.org/mongo-driver/v2",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sync",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
		"modernc.org/libc",
		"modernc.org/mathutil",
		"modernc.org/memory",
		"modernc.org/sqlite",
	},
	"command": {
		"github.com/go-jose/go-jose/v4",
		"github.com/spf13/cobra",
		"github.com/spf13/pflag",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
	},
	"flows/passkey": { // go-webauthn and, for attestation, what it always brings
		"github.com/fxamacker/cbor/v2",
		"github.com/go-viper/mapstructure/v2",
		"github.com/go-webauthn/webauthn",
		"github.com/go-webauthn/x",
		"github.com/golang-jwt/jwt/v5",
		"github.com/google/go-tpm",
		"github.com/google/uuid",
		"github.com/philhofer/fwd",
		"github.com/tinylib/msgp",
		"github.com/x448/float16",
		"golang.org/x/crypto",
		"golang.org/x/sys",
	},
	"providers": {
		"github.com/coreos/go-oidc/v3",
		"github.com/go-jose/go-jose/v4", // the issuers' keys, and of go-oidc
		"golang.org/x/oauth2",
	},
	"providers/gothprovider": {
		"github.com/markbates/goth",
		"golang.org/x/oauth2",
	},
	"senders/smtpsender": {
		"github.com/wneessen/go-mail",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/text",
	},
	"stores/bunstore": {
		"github.com/jinzhu/inflection",
		"github.com/puzpuzpuz/xsync/v3",
		"github.com/tmthrgd/go-hex",
		"github.com/uptrace/bun",
		"github.com/vmihailenco/msgpack/v5",
		"github.com/vmihailenco/tagparser/v2",
		"golang.org/x/sys",
	},
	"stores/gormstore": {
		"github.com/jinzhu/inflection",
		"github.com/jinzhu/now",
		"golang.org/x/text",
		"gorm.io/gorm",
	},
	"stores/redisstore": {
		"github.com/redis/rueidis",
		"golang.org/x/sys",
	},
	"stores/mongostore": {
		"github.com/klauspost/compress",
		"github.com/xdg-go/scram",
		"github.com/xdg-go/stringprep",
		"github.com/youmark/pkcs8",
		"go.mongodb.org/mongo-driver/v2",
		"golang.org/x/crypto",
		"golang.org/x/sync",
		"golang.org/x/text",
	},
}

// judge compares what a consumer of the module compiled with the module's
// dependencies and its go.mod.
func (m goModule) judge(compiled, allowed []string, root string) error {
	var problems []error
	report := func(format, path string) { problems = append(problems, fmt.Errorf("%s "+format, m.path, path)) }
	for _, path := range compiled {
		if path != m.path && path != root && !slices.Contains(allowed, path) {
			report("compiles %s, which is not among its dependencies", path)
		}
	}
	for _, path := range allowed {
		if !slices.Contains(compiled, path) {
			report("does not compile %s, which is among its dependencies", path)
		}
	}
	for _, r := range m.file.Require {
		if !r.Indirect && !slices.Contains(compiled, r.Mod.Path) {
			report("requires %s for tests alone: such tests belong to integration/", r.Mod.Path)
		}
	}
	return errors.Join(problems...)
}
