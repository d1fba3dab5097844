"""Names of services that give out keys, as data: next to one of them, a number that a machine has drawn is a key.

A name is written without blanks and signs, in small letters. Names that are also words of every day are not here: next
to them only a word such as `key` or `token` tells.
"""

from __future__ import annotations

import functools
import re

SERVICES = """
abstractapi abuseipdb accuweather acuity adafruit adzuna affinity agora aha airbrake airbyte airship airtable airvisual akamai
alchemy alegra algolia alienvault aliyun alphavantage amadeus amplitude anthropic anypoint apify apiflash apilayer apollo
appcenter appcircle appcues appdynamics appfollow apptentive aqua artifactory asana assemblyai atera atlas atlassian auth0
autodesk aviationstack avalara axiom axonius ayrshare azure bamboo bannerbear baremetrics basecamp baseten beamer besttime
betterstack bigcommerce bigquery billomat binance bingmaps bitfinex bitgo bitly bitmex bitrise bittrex blazemeter blockchain
bombbomb braintree branchio brandfetch braze brevo brightdata brivo browserstack bscscan bugherd bugsnag buildkite bunny
buttercms caddy calendarific calendly campayn canny carbonblack cartodb censys cerebras chargebee chargify chartmogul chatbot
chatwoot checkly checkmarx checkout chorus circleci cisco ciscospark civitai clarifai clearbit clerk clevertap clickhelp clicksend
clickup clockify cloudant cloudbees cloudconvert cloudflare cloudimage cloudinary cloudmersive cloudsight cloudsmith cockroach
codacy codeclimate codecov codefresh codemagic codesandbox cohere cohesity coinapi coinbase coinlayer coinmarketcap commerce
commercetools companyhub confluence confluent contentful contentstack convertapi convertkit copper coralogix couchbase courier
coveralls cribl crisp cronitor crowdin crowdstrike cryptocompare customerio cyberark cycode d7network dailyco dandelion databricks
datadog dataiku datarobot datastax debounce deepai deepgram deepl deepseek deepsource delighted demio deputy desk detectify
digicert digitalocean discogs discord disqus distribusion dnsimple dnsmadeeasy docker dockerhub docusign doppler dotmailer doximity
dribbble drift drip droneci dropbox duda duffel duo dynadot dynatrace easypost ecobee edamam edenai elastic elasticcloud
elevenlabs enphase envoy episerver esri etherscan etsy eventbrite everhart expensify fastly fathom fauna faunadb figma
fileio finage finicity finnhub fireblocks fireworks fivetran fixer flagsmith fleetio flexport flickr flutterwave fly foursquare
freshbooks freshdesk freshservice frontegg fullcontact fullstory fusionauth fxmarket gcloud gemini gengo geoapify geocodio getresponse
ghost gitbook gitea github gitguardian gitlab gitter glassnode gocanvas gocardless godaddy gong grafana graphcms graphhopper
greenhouse greynoise groq gumroad gyazo hackerone happyscribe harness harvest hashicorp helpscout heroku hellosign hetzner hibp
hightouch holidayapi honeybadger honeycomb hostinger hotjar hubspot huggingface hunter hypertrack hypothesis iconfinder imagekit
imagga imgix impervainc incapsula influxdb infobip infura insightly instabot instana instapaper insomnia intercom intruder
invision ionos ipapi ipdata ipgeolocation ipify ipinfo ipqualityscore ipstack iterable jamf jenkins jfrog jira jotform jumpcloud
jupiterone kaggle kairos keen keycdn keygen kickbox kintone kiteworks klaviyo knowbe4 kong kraken kucoin labelbox lacework langsmith
laravelforge lastfm launchdarkly leadfeeder lemlist lemonsqueezy lever lightstep line linear linkedin linode liveagent livechat
loadimpact lob loggly logicmonitor loginradius logrocket logzio lokalise lookout loom lunchmoney magento mailboxlayer mailchimp
mailerlite mailerq mailersend mailgun mailjet mailmodo mailsac mailtrap mandrill mapbox mapquest marketo marketstack matomo
mattermost maxmind mediastack meraki messagebird metabase metaapi mezmo microsoft midtrans mimecast mindee miro mistral mixcloud
mixmax mixpanel moderation monday mongodb monkeylearn moosend moralis mux myfreshworks namecheap nasdaq navitia nessus netlify
netsuite newrelic newsapi nexmo nftport ngrok nightfall nimble noticeable notion novu npm nubentos nuget numverify nvidia nylas oanda okta
omnisend onedesk onelogin onepassword onesignal onfleet opencage openai openrouter opensea openweather openweathermap opsgenie
optimizely oracle orbit ortto outreach ovh packagecloud packet pagarme pagerduty paloalto pandadoc pappers paperform parsehub
parseur particle paymongo paypal paystack pendo pepipost percy perplexity phrase pinata pinecone pingdom pipedream pipedrive pivotal
pixabay plaid planetscale planhat plesk podio polygon portainer postageapi posthog postman postmark powerbi prefect prerender
privacy prodpad prospect proxmox proxycrawl pubnub pulumi pusher pushbullet pushover qase qualaroo qualtrics qualys quay quickbase
quicknode rackspace railway rapid7 rapidapi rawg razorpay readme realm rebrandly recaptcha recurly redis reddit replicate replit rescuetime
resend restpack retool rev ringcentral roboflow rocketreach rollbar rudderstack runscope saleslov salesforce saltedge sanity
saucelabs scaleway scalr scrapeowl scraperapi scrapestack scrapingant scrapingbee screenshotapi seatgeek securitytrails segment
selectpdf semaphore semgrep semrush sendbird sendgrid sendinblue sendoso sentinelone sentry serpapi serpstack servicebus servicenow
sevdesk shippo shipstation shodan shopify shortcut shortio shotstack shutterstock signalfx signalwire signaturit signable
similarweb simplesat skrapp skybiometry slack sleuth smartling smartsheet smarty smartthings smtp2go snipcart snowflake snyk
socketio solarwinds sonarcloud sonarqube sophos soundcloud sourcegraph sparkpost speechtext splunk spoonacular spotify
square squarespace sqreen stability statsig statuscake statuspage stormglass strava stripe stytch sumologic supabase surveymonkey
swell sysdig tableau tailscale tavily teamcity teamgate teamwork telegram telesign telnyx tenable terraform text2data
thingsboard thousandeyes tickettailor ticketmaster tines todoist together toggl tomtom tradier transferwise travis travisci
trello truenas tumblr turnstile twelvedata twilio twist twitch twitter typeform ubidots unifi unsplash upcloud updown upstash uptime
uptimerobot urlscan userflow vagrant vectara veracode vercel veriphone verimail vimeo virustotal visualcrossing vonage voyage
vultr wakatime wandb weatherapi weatherbit weatherstack weaviate webex webflow webscraper wepay whatsapp wistia wiz wordpress
workday workato worldweather wrike xero yandex yelp yousign youtube zapier zendesk zenrows zenscrape zerobounce zerossl zerotier zipcodeapi
zipcodebase zoho zoom zoominfo zscaler zuora
"""

_SHORTEST_INSIDE = 5
"""A shorter name counts only as a word of its own: `line` is in `baseline`."""


@functools.cache
def _pattern() -> re.Pattern[str]:
    names = sorted(SERVICES.split(), key=len, reverse=True)
    long = "|".join(name for name in names if len(name) >= _SHORTEST_INSIDE)
    short = "|".join(name for name in names if len(name) < _SHORTEST_INSIDE)
    return re.compile(rf"(?<![a-z])(?:(?:{long})|(?:{short})(?![a-z]))")


def names_service(words: str) -> bool:
    """Return whether a name begins as that of a service, in small letters, also where it is written with signs in between."""
    return _pattern().search(words) is not None or _pattern().search(re.sub(r"[-_. ]", "", words)) is not None
