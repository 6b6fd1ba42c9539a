#include "accounts_backend.h"

#include "accounts_admin.h"
#include "backends.h"
#include "directory_next.h"
#include "directory_user.h"
#include "helper.h"
#include "packet.h"
#include "password.h"
#include "registry_user.h"
#include "server.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

/* Names of one page of a list, and octets that leave room for the last one. */
#define PAGE_NAMES  200
#define PAGE_OCTETS (PACKET_MAX - 2048)

/* What would be wrong with it; NULL. */
static const char *
check(const struct record_backend *b)
{
	if (b->host[0] == '\0')
		return NULL;
	if (!backends_allow(&accounts.helper->conf->backends, b->host, b->port))
		return "helpers.conf names no such backend: add it to "
		       "backends { servers }";
	for (const char *c = b->user; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return "the name there has characters that POP3 "
			       "can't send";
	return NULL;
}

static enum registry_result
set_backend(const char *name, int new, const struct record_backend *b,
    char why[REGISTRY_WHY_MAX])
{
	const char *wrong = check(b);

	if (wrong == NULL && new && b->host[0] == '\0')
		wrong = "a new user needs a backend here";
	if (wrong == NULL)
		return registry_user_backend(
		    &accounts.directory, name, new, b, why);
	snprintf(why, REGISTRY_WHY_MAX, "%s", wrong);
	return REGISTRY_REFUSED;
}

int
answer_user_backend(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	struct record_backend b = {.host = ""};
	enum registry_result result;
	uint8_t new;
	uint32_t port;

	packet_get_text(&q->packet, name, sizeof(name));
	new = packet_get_u8(&q->packet);
	packet_get_text(&q->packet, b.host, sizeof(b.host));
	port = packet_get_u32(&q->packet);
	b.tls = packet_get_u8(&q->packet);
	b.flags = packet_get_u8(&q->packet);
	packet_get_text(&q->packet, b.user, sizeof(b.user));
	if (packet_end(&q->packet) == -1 || new > 1 || port > UINT16_MAX ||
	    (port == 0) != (b.host[0] == '\0') ||
	    b.tls >= WIRE_BACKEND_TLS_KINDS || b.flags > RECORD_BACKEND_FLAGS)
		return -1;
	b.port = (uint16_t)port;
	result = set_backend(name, new, &b, why);
	return accounts_end_change(&q, "user.backend_set", name, result, why);
}

void
accounts_backend_describe(const struct record_backend *b, char *place)
{
	static const char *const ways[] = {"implicit", "stls", "none"};

	place[0] = '\0';
	if (b->host[0] == '\0')
		return;
	snprintf(place, ACCOUNTS_BACKEND_PLACE_MAX, "%s:%u tls=%s%s%s%s%s",
	    b->host, b->port, ways[b->tls % WIRE_BACKEND_TLS_KINDS],
	    b->user[0] != '\0' ? " as=" : "", b->user,
	    b->flags & RECORD_BACKEND_THERE ? " there" : "",
	    b->flags & RECORD_BACKEND_LEARN ? " learn" : "");
}

/* What stands under a name that is listed. */
static enum directory_result
get_listed(struct directory *d, const char *name, struct record_user *user)
{
	char key[KV_KEY_MAX];
	struct address a;

	if (address_parse_stored(name, &a) != ADDRESS_OK)
		return DIRECTORY_NO_USER;
	address_key(&a, key);
	return directory_user_get(d, key, user);
}

int
answer_backend_list(struct request *q)
{
	struct directory *d = &accounts.directory;
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX], domain[WIRE_NAME_MAX],
	    place[ACCOUNTS_BACKEND_PLACE_MAX];
	struct packet fields;
	struct record_user user;
	uint32_t count = 0;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, domain, sizeof(domain));
	if (packet_end(&q->packet) == -1)
		return -1;
	if (accounts_check_domain(&q, domain) == -1)
		return 0;
	packet_init(&fields, WIRE_BACKEND_LIST);
	packet_put_u32(&fields, 0);
	while (count < PAGE_NAMES && fields.length < PAGE_OCTETS) {
		result = directory_next_user(d, name, domain, name);
		if (result == DIRECTORY_OK)
			result = get_listed(d, name, &user);
		if (result != DIRECTORY_OK)
			break;
		accounts_backend_describe(&user.backend, place);
		explicit_bzero(&user, sizeof(user));
		packet_put_text(&fields, name);
		packet_put_text(&fields, place);
		packet_set_u32(&fields, 0, ++count);
	}
	if (result == DIRECTORY_FAILED)
		accounts_fail(&q);
	else
		request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}
