package goth_test

import (
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/apple"
	"github.com/markbates/goth/providers/auth0"
	"github.com/markbates/goth/providers/azuread"
	"github.com/markbates/goth/providers/bitly"
	"github.com/markbates/goth/providers/dailymotion"
	"github.com/markbates/goth/providers/discord"
	"github.com/markbates/goth/providers/eveonline"
	"github.com/markbates/goth/providers/faux"
	"github.com/markbates/goth/providers/fitbit"
	"github.com/markbates/goth/providers/intercom"
	"github.com/markbates/goth/providers/lark"
	"github.com/markbates/goth/providers/lastfm"
	"github.com/markbates/goth/providers/linkedin"
	"github.com/markbates/goth/providers/mailru"
	"github.com/markbates/goth/providers/onedrive"
	"github.com/markbates/goth/providers/openidConnect"
	"github.com/markbates/goth/providers/oura"
	"github.com/markbates/goth/providers/reddit"
	"github.com/markbates/goth/providers/seatalk"
	"github.com/markbates/goth/providers/shopify"
	"github.com/markbates/goth/providers/slack"
	"github.com/markbates/goth/providers/steam"
	"github.com/markbates/goth/providers/tiktok"
	"github.com/markbates/goth/providers/tumblr"
	"github.com/markbates/goth/providers/twitter"
	"github.com/markbates/goth/providers/twitterv2"
	"github.com/markbates/goth/providers/wechat"
	"github.com/markbates/goth/providers/wecom"
	"github.com/markbates/goth/providers/xero"
	"github.com/markbates/goth/providers/yandex"
)

// refused lists the providers that gothprovider refuses.
var refused = []goth.Provider{
	&apple.Provider{}, &auth0.Provider{}, &azuread.Provider{}, &bitly.Provider{}, &dailymotion.Provider{},
	&discord.Provider{},
	&eveonline.Provider{}, &faux.Provider{}, &fitbit.Provider{}, &intercom.Provider{}, &lark.Provider{},
	&lastfm.Provider{},
	&linkedin.Provider{}, &mailru.Provider{}, &onedrive.Provider{}, &openidConnect.Provider{}, &oura.Provider{},
	&reddit.Provider{},
	&seatalk.Provider{}, &shopify.Provider{}, &slack.Provider{}, &steam.Provider{}, &tiktok.Provider{}, &tumblr.Provider{},
	&twitter.Provider{}, &twitterv2.Provider{}, &wechat.Provider{}, &wecom.Provider{}, &xero.Provider{},
	&yandex.Provider{},
}
