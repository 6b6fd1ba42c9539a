#include "service_conf.h"

#include "packet.h"
#include "tls_client.h"
#include "tls_conf.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct service_conf {
	atomic_uint users;
	const struct conf_spec *spec;
	void *conf;
	struct tls_conf *tls;
	struct tls_client *others;
};

struct service_conf *
service_conf_new(const struct conf_spec *spec, void *conf, struct tls_conf *tls,
    struct tls_client *others)
{
	struct service_conf *c = malloc(sizeof(*c));

	if (c == NULL) {
		conf_free(spec, &conf);
		tls_conf_free(&tls);
		tls_client_free(&others);
		return NULL;
	}
	atomic_init(&c->users, 1);
	c->spec = spec;
	c->conf = conf;
	c->tls = tls;
	c->others = others;
	return c;
}

const void *
service_conf_get(const struct service_conf *c)
{
	return c->conf;
}

struct tls_conf *
service_conf_tls(const struct service_conf *c)
{
	return c->tls;
}

struct tls_client *
service_conf_others(const struct service_conf *c)
{
	return c->others;
}

struct service_conf *
service_conf_hold(struct service_conf *c)
{
	atomic_fetch_add_explicit(&c->users, 1, memory_order_relaxed);
	return c;
}

void
service_conf_drop(struct service_conf **c)
{
	struct service_conf *old = *c;

	*c = NULL;
	if (old == NULL || atomic_fetch_sub(&old->users, 1) > 1)
		return;
	conf_free(old->spec, &old->conf);
	tls_conf_free(&old->tls);
	tls_client_free(&old->others);
	free(old);
}

static void
put_list(struct packet *p, const struct conf_list *list)
{
	packet_put_u32(p, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		packet_put_text(p, list->items[i]);
}

void
service_conf_put(
    struct packet *p, const struct conf_spec *spec, const void *conf)
{
	const unsigned char *octets = conf;
	const struct conf_setting *s;
	const void *member;

	for (s = spec->settings; s->name != NULL; s++) {
		member = octets + s->offset;
		switch (s->kind) {
		case CONF_TEXT:
			packet_put_text(p, *(char *const *)member);
			break;
		case CONF_LIST:
			put_list(p, member);
			break;
		case CONF_BOOL:
		case CONF_CHOICE:
			packet_put_u32(p, (uint32_t) * (const int *)member);
			break;
		case CONF_NUMBER:
		case CONF_SIZE:
		case CONF_DURATION:
			packet_put_u64(p, (uint64_t) * (const int64_t *)member);
			break;
		}
	}
}

static char *
take_text(struct packet *p)
{
	size_t length;
	const char *octets = packet_get_data(p, PACKET_MAX, &length);
	char *text;

	if (p->error != 0 || memchr(octets, '\0', length) != NULL ||
	    (text = malloc(length + 1)) == NULL)
		return NULL;
	memcpy(text, octets, length);
	text[length] = '\0';
	return text;
}

static int
take_list(struct packet *p, struct conf_list *list)
{
	uint32_t count = packet_get_u32(p);

	/* Each item has a length of four octets. */
	if (count > PACKET_MAX / 4)
		return -1;
	if (count == 0)
		return 0;
	if ((list->items = calloc(count, sizeof(*list->items))) == NULL)
		return -1;
	for (; list->count < count; list->count++)
		if ((list->items[list->count] = take_text(p)) == NULL)
			return -1;
	return 0;
}

static int
take_choice(struct packet *p, const struct conf_setting *s, int *member)
{
	uint32_t i, value = packet_get_u32(p), count = 2;

	if (s->kind == CONF_CHOICE)
		for (count = 0, i = 0; s->choices[i] != NULL; i++)
			count++;
	*member = (int)value;
	return value < count ? 0 : -1;
}

static int
take_member(struct packet *p, const struct conf_setting *s, void *member)
{
	switch (s->kind) {
	case CONF_TEXT:
		return (*(char **)member = take_text(p)) == NULL ? -1 : 0;
	case CONF_LIST:
		return take_list(p, member);
	case CONF_BOOL:
	case CONF_CHOICE:
		return take_choice(p, s, member);
	default:
		*(int64_t *)member = (int64_t)packet_get_u64(p);
		return 0;
	}
}

void *
service_conf_take(struct packet *p, const struct conf_spec *spec)
{
	unsigned char *octets = calloc(1, spec->size);
	const struct conf_setting *s;
	void *conf = octets;
	int result = 0;

	if (octets == NULL)
		return NULL;
	for (s = spec->settings; s->name != NULL && result == 0; s++)
		result = take_member(p, s, octets + s->offset);
	if (packet_end(p) == -1 || result == -1)
		conf_free(spec, &conf);
	return conf;
}
