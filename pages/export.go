package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// export sends the user a copy of what is kept of them, as a file.
func (s *site) export(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: "users:export_current_user"})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		var file bytes.Buffer
		if err := json.Indent(&file, answer.Body, "", "  "); err != nil {
			return nil, err
		}
		resp := core.Bytes(http.StatusOK, "application/json", file.Bytes())
		v.protect(resp)
		resp.Header.Set("Content-Disposition", `attachment; filename="account.json"`)
		return carry(resp, answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account")+"#export-title"), nil
	case is(e, http.StatusTooManyRequests):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	}
	return v.refused(ctx, answer)
}
