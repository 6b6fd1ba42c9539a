#include "accounts_sasl.h"

#include "accounts_admin.h"
#include "accounts_sasl_reply.h"
#include "clock.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "sasl_exchange.h"
#include "server.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long an exchange may take, and one step of it. */
#define LIFETIME  (300 * CLOCK_SECOND)
#define STEP_TIME (20 * CLOCK_SECOND)
/* No mechanism has more. */
#define STEPS_MAX 8
/* The low bits of a handle are its place, the high ones tell it from those
 * that had the place before. */
#define PLACES_BITS 14
#define PLACES	    (1U << PLACES_BITS)

struct open {
	struct sasl_exchange x;
	void *peer; /* the connection's request_peer_data */
	uint32_t handle;
	int64_t began;
	unsigned char network[DELAY_TAG_SIZE]; /* the client's */
	unsigned steps;
	int is_busy;   /* a request works on it */
	int is_proved; /* all that lacks is the client's word */
	int is_judged; /* elsewhere, by a backend: answer_sasl_proved */
};

static struct open *places[PLACES];
static unsigned count;
static uint32_t handles;
static int is_ending; /* no exchange begins */

static void
end(struct open **op)
{
	struct open *o = *op;

	*op = NULL;
	if (o->handle != 0) {
		places[o->handle % PLACES] = NULL;
		count--;
	}
	if (o->x.mechanism->finish != NULL)
		o->x.mechanism->finish(&o->x);
	explicit_bzero(o, sizeof(*o));
	free(o);
}

/* An exchange is over; *q is freed, *op ended, unless a backend has to judge
 * what it brought. */
static void
conclude(struct request **q, struct open **op, enum sasl_result result)
{
	struct sasl_exchange *x = &(*op)->x;

	if (result == SASL_OK && x->login.is_unproved) {
		(*op)->is_judged = 1;
		log_info("login.unproved", log_text("name", x->login.name),
		    log_text("mechanism", x->mechanism->name),
		    log_text("client", x->channel.client));
		accounts_sasl_reply_backend(q, &x->login, (*op)->handle);
		return;
	}
	/* The answer may be the last that a lost connection waited for: then
	 * accounts_sasl_gone comes in the midst of it. */
	(*op)->peer = NULL;
	(*op)->is_busy = 1; /* and it may wait */
	if (result == SASL_OK) {
		log_info("login.good", log_text("name", x->login.name),
		    log_text("mechanism", x->mechanism->name),
		    log_text("client", x->channel.client));
		if (x->login.follows_backends &&
		    x->login.user.backend.host[0] != '\0')
			accounts_sasl_reply_backend(q, &x->login, 0);
		else
			accounts_sasl_reply_ok(q, &x->login);
	} else if (result == SASL_TEMPORARY) {
		request_reply(q, PACKET_TEMPORARY, NULL);
	} else {
		log_info("login.denied", log_text("name", x->login.name),
		    log_text("mechanism", x->mechanism->name),
		    log_text("client", x->channel.client),
		    log_int("result", result),
		    log_int("delay_ms", x->login.delay_ms));
		accounts_sasl_reply_refused(q, result, x->login.delay_ms);
	}
	end(op);
}

/* One step, and the answer; *q is freed. */
static void
advance(struct request **q, struct open *o, const char *in, size_t length)
{
	struct sasl_output *out = calloc(1, sizeof(*out));
	enum sasl_result result = SASL_TEMPORARY;

	o->is_busy = 1;
	o->x.deadline = clock_after(STEP_TIME);
	if (o->is_judged || (!o->is_proved && ++o->steps > STEPS_MAX))
		result = SASL_BAD;
	else if (o->is_proved)
		result = length == 0 ? SASL_OK : SASL_BAD;
	else if (out != NULL)
		result = o->x.mechanism->step(&o->x, in, length, out);
	o->is_busy = 0;
	/* RFC 4954 4, RFC 5034 4: there is no room for data in the last reply,
	 * so it goes ahead as a challenge. */
	if (result == SASL_OK && out != NULL && out->length > 0) {
		o->is_proved = 1;
		result = SASL_CHALLENGE;
	}
	if (result == SASL_CHALLENGE)
		accounts_sasl_reply_challenge(
		    q, o->handle, out->data, out->length);
	else
		conclude(q, &o, result);
	if (out != NULL)
		explicit_bzero(out, sizeof(*out));
	free(out);
}

static int
is_on(const char *mechanism)
{
	const struct conf_list *on = &accounts.helper->conf->mechanisms;

	for (size_t i = 0; i < on->count; i++)
		if (strcasecmp(on->items[i], mechanism) == 0)
			return 1;
	return 0;
}

static int
is_loopback(const char *client)
{
	return strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0 ||
	       strncmp(client, "::ffff:127.", 11) == 0;
}

/* Whether a secret may come in clear here: helpers.conf(5). */
static int
allows_clear(const struct sasl_channel *c)
{
	switch (accounts.helper->conf->plaintext_login) {
	case PLAINTEXT_YES:
		return 1;
	case PLAINTEXT_LOOPBACK:
		return c->is_tls || is_loopback(c->client);
	default:
		return c->is_tls;
	}
}

static int
has_binding(const struct sasl_channel *c)
{
	return c->is_tls && (c->exporter_length > 0 || c->end_point_length > 0);
}

/* What mechanism this is, and whether it is on, for this channel. */
static enum sasl_result
choose(struct sasl_exchange *x, const char *name, enum server_role role)
{
	const struct sasl_mechanism *m = sasl_exchange_find(name);
	char plus[WIRE_MECHANISM_MAX + 8];

	if (m == NULL || !is_on(m->name))
		return SASL_UNKNOWN;
	if (((m->flags & SASL_IS_POP3) && role != ROLE_POP3D) ||
	    ((m->flags & SASL_NEEDS_BINDING) && !has_binding(&x->channel)) ||
	    ((m->flags & SASL_NEEDS_TOKENS) && accounts.program == NULL &&
		accounts.helper->conf->token_keys[0] == '\0') ||
	    ((m->flags & SASL_NEEDS_CERTIFICATE) &&
		(!x->channel.is_tls || x->channel.certificate[0] == '\0')))
		return SASL_UNKNOWN;
	if ((m->flags & SASL_IN_CLEAR) && !allows_clear(&x->channel))
		return SASL_INSECURE;
	snprintf(plus, sizeof(plus), "%s-PLUS", m->name);
	x->mechanism = m;
	x->offers_plus = has_binding(&x->channel) && is_on(plus);
	return SASL_OK;
}

/* The oldest that nothing works on, of the network or (NULL) of all. */
static struct open *
find_oldest(const unsigned char *network, unsigned *found)
{
	struct open *oldest = NULL, *o;

	*found = 0;
	for (unsigned i = 0; i < PLACES; i++) {
		if ((o = places[i]) == NULL ||
		    (network != NULL &&
			memcmp(o->network, network, sizeof(o->network)) != 0))
			continue;
		++*found;
		if (!o->is_busy && (oldest == NULL || o->began < oldest->began))
			oldest = o;
	}
	return oldest;
}

/* Where there are too many, of o's network or at all, one goes. */
static int
make_room(const struct open *o)
{
	unsigned limit = (unsigned)accounts.helper->conf->exchanges, own;
	struct open *oldest;

	if (count < limit / 2)
		return 0;
	oldest = find_oldest(o->network, &own);
	if (own < limit / 2) {
		if (count < limit)
			return 0;
		oldest = find_oldest(NULL, &own);
	}
	if (oldest == NULL)
		return -1;
	log_info(
	    "sasl.pushed_out", log_text("client", oldest->x.channel.client));
	end(&oldest);
	return 0;
}

/* Gives it a handle, where need be at the cost of another.  0, or -1. */
static int
take_place(struct open *o)
{
	struct delay_who who;
	unsigned i;

	delay_identify(accounts.delay, o->x.channel.client, "", &who);
	memcpy(o->network, who.network, sizeof(o->network));
	if (make_room(o) == -1)
		return -1;
	for (i = 0; i < PLACES; i++) {
		if (++handles == 0)
			handles = 1;
		if (places[handles % PLACES] == NULL)
			break;
	}
	if (i == PLACES)
		return -1;
	o->handle = handles;
	o->began = clock_now();
	places[handles % PLACES] = o;
	count++;
	return 0;
}

static void
get_binding(struct packet *p, unsigned char *to, size_t *length)
{
	const void *data = packet_get_data(p, WIRE_BINDING_MAX, length);

	memcpy(to, data, *length);
}

static void
get_channel(struct packet *p, struct sasl_channel *c)
{
	uint8_t is_tls = packet_get_u8(p);

	c->is_tls = is_tls;
	get_binding(p, c->exporter, &c->exporter_length);
	get_binding(p, c->end_point, &c->end_point_length);
	packet_get_text(p, c->certificate, sizeof(c->certificate));
	packet_get_text(p, c->client, sizeof(c->client));
	packet_get_text(p, c->host, sizeof(c->host));
	if (is_tls > 1 && p->error == 0)
		p->error = EBADMSG;
}

/* A copy of what the client said, since the packet goes with its request. */
static char *
keep(const void *data, size_t length)
{
	char *copy = malloc(length + 1);

	if (copy != NULL) {
		memcpy(copy, data, length);
		copy[length] = '\0';
	}
	return copy;
}

static void
advance_with(
    struct request **q, struct open *o, const void *data, size_t length)
{
	char *copy = keep(data, length);

	if (copy == NULL) {
		conclude(q, &o, SASL_TEMPORARY);
		return;
	}
	advance(q, o, copy, length);
	explicit_bzero(copy, length);
	free(copy);
}

/* Begins what was read into *op, which is taken over; *q is freed. */
static void
begin(struct request **q, struct open *o, const char *name, int has,
    const void *data, size_t length)
{
	enum sasl_result result = choose(&o->x, name, request_role(*q));

	if (is_ending)
		request_drop(q);
	else if (result != SASL_OK)
		accounts_sasl_reply_refused(q, result, 0);
	if (is_ending || result != SASL_OK) {
		free(o);
		return;
	}
	o->peer = *request_peer_data(*q);
	o->x.login.follows_backends = request_role(*q) == ROLE_POP3D;
	if (o->x.mechanism->start(&o->x) == -1 || take_place(o) == -1)
		conclude(q, &o, SASL_TEMPORARY);
	else if (has)
		advance_with(q, o, data, length);
	else if (o->x.mechanism->flags & SASL_CLIENT_FIRST)
		accounts_sasl_reply_challenge(q, o->handle, "", 0);
	else
		advance(q, o, NULL, 0);
}

/* Each connection is told from the others by what it holds here. */
static int
know_peer(struct request *q)
{
	void **data = request_peer_data(q);

	if (*data == NULL)
		*data = malloc(1);
	return *data == NULL ? -1 : 0;
}

int
answer_sasl_begin(struct request *q)
{
	struct open *o = calloc(1, sizeof(*o));
	char name[WIRE_MECHANISM_MAX];
	const void *data;
	uint8_t has;
	size_t length;

	if (o == NULL || know_peer(q) == -1) {
		free(o);
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	packet_get_text(&q->packet, name, sizeof(name));
	get_channel(&q->packet, &o->x.channel);
	has = packet_get_u8(&q->packet);
	data = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1 || has > 1 || (!has && length > 0)) {
		free(o);
		return -1;
	}
	begin(&q, o, name, has, data, length);
	return 0;
}

/* The exchange of this handle, if it is the connection's. */
static struct open *
find(struct request *q, uint32_t handle)
{
	struct open *o = places[handle % PLACES];

	return o != NULL && o->handle == handle &&
		       o->peer == *request_peer_data(q) &&
		       clock_now() - o->began < LIFETIME
		   ? o
		   : NULL;
}

int
answer_sasl_step(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	const void *data;
	struct open *o;
	size_t length;

	data = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	if ((o = find(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	if (o->is_busy)
		return -1; /* a second response before the first's answer */
	advance_with(&q, o, data, length);
	return 0;
}

int
answer_sasl_proved(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	uint8_t is_right = packet_get_u8(&q->packet);
	enum sasl_result result;
	struct open *o;

	if (packet_end(&q->packet) == -1 || is_right > 1)
		return -1;
	if ((o = find(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	if (!o->is_judged || o->is_busy)
		return -1; /* nobody has been asked to */
	result = login_proved(&o->x.login, is_right);
	if (result == SASL_OK)
		login_learn(&o->x.login);
	log_info(result == SASL_OK ? "login.good" : "login.denied",
	    log_text("name", o->x.login.name),
	    log_text("mechanism", o->x.mechanism->name),
	    log_text("client", o->x.channel.client),
	    log_int("delay_ms", o->x.login.delay_ms),
	    log_text("by", "backend"));
	if (result == SASL_OK)
		request_reply(&q, PACKET_OK, NULL);
	else
		accounts_sasl_reply_refused(&q, result, o->x.login.delay_ms);
	end(&o);
	return 0;
}

int
answer_sasl_cancel(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	struct open *o;

	if (packet_end(&q->packet) == -1)
		return -1;
	if ((o = find(q, handle)) != NULL) {
		if (o->is_busy)
			return -1;
		end(&o);
	}
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

void
accounts_sasl_gone(void *peer_data)
{
	for (unsigned i = 0; i < PLACES && count > 0; i++) {
		struct open *o = places[i];

		if (o != NULL && o->peer == peer_data)
			end(&o);
	}
	free(peer_data);
}

void
accounts_sasl_expire(void)
{
	int64_t now = clock_now();

	for (unsigned i = 0; i < PLACES && count > 0; i++) {
		struct open *o = places[i];

		if (o != NULL && !o->is_busy && now - o->began >= LIFETIME)
			end(&o);
	}
}

int
accounts_sasl_is_settled(void)
{
	is_ending = 1;
	return count == 0;
}

unsigned
accounts_sasl_count(void)
{
	return count;
}
