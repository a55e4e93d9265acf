package providers

// table has a row for every preset, in the order of docs/providers.md.
var table = []service{
	google, apple, microsoft, facebook, x, discord, reddit, twitch, spotify, linkedIn, line, kakao, naver, yahoo, yandex,
	amazon, patreon, strava,
	wordPress,
	gitHub, gitLab, bitbucket, gitea, huggingFace, digitalOcean, heroku, atlassian, slack, notion, figma, zoom, dropbox,
	box, asana, salesforce,
	shopify,
	okta, auth0, cognito, keycloak, authentik, zitadel, franceConnect, orcid,
}
