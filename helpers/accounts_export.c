#include "accounts_export.h"

#include "accounts_admin.h"
#include "accounts_backend.h"
#include "directory_next.h"
#include "directory_user.h"
#include "log.h"
#include "packet.h"
#include "server.h"

#include <string.h>

/* Users of one page, and octets that leave room for the largest. */
#define PAGE_USERS  200
#define PAGE_OCTETS (PACKET_MAX - 8192)

static void
put_password(struct packet *p, const struct record_user *user, int with_hashes)
{
	if (user->source == RECORD_PAM)
		packet_put_u8(p, WIRE_IMPORT_PAM);
	else if (user->hash[0] == '\0')
		packet_put_u8(p, WIRE_IMPORT_NONE);
	else
		packet_put_u8(p, WIRE_IMPORT_HASH);
	packet_put_text(p, with_hashes ? user->hash : "");
}

/* The addresses that the user may send as, behind their count. */
static void
put_senders(struct packet *p, const struct record_user *user)
{
	uint32_t count = 0, at = p->length;

	packet_put_u32(p, 0);
	for (size_t i = 0; i < user->senders_length;
	     i += strlen(user->senders + i) + 1, count++)
		packet_put_text(p, user->senders + i);
	packet_set_u32(p, at, count);
}

static void
put_user(struct packet *p, const char *name, const struct record_user *user,
    int with_hashes)
{
	char place[ACCOUNTS_BACKEND_PLACE_MAX];

	packet_put_text(p, name);
	put_password(p, user, with_hashes);
	packet_put_u8(p, user->has_quota != 0);
	packet_put_u64(p, user->quota.octets);
	packet_put_u64(p, user->quota.messages);
	put_senders(p, user);
	packet_put_u32(p, user->system.uid);
	packet_put_u32(p, user->system.gid);
	packet_put_text(p, user->system.path);
	accounts_backend_describe(&user->backend, place);
	packet_put_text(p, place);
}

/* The user of exactly this name, whichever domains are case sensitive now. */
static enum directory_result
get_user(struct directory *d, const char *name, struct record_user *user)
{
	char key[KV_KEY_MAX];
	struct address a;

	if (address_parse_stored(name, &a) != ADDRESS_OK)
		return DIRECTORY_NO_USER;
	address_key(&a, key);
	return directory_user_get(d, key, user);
}

int
answer_export(struct request *q)
{
	struct directory *d = &accounts.directory;
	enum directory_result result = DIRECTORY_OK;
	char name[WIRE_NAME_MAX], domain[WIRE_NAME_MAX];
	struct packet fields;
	struct record_user user;
	uint32_t count = 0;
	uint8_t hashes;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, domain, sizeof(domain));
	hashes = packet_get_u8(&q->packet);
	if (packet_end(&q->packet) == -1 || hashes > 1)
		return -1;
	if (accounts_check_domain(&q, domain) == -1)
		return 0;
	if (hashes && name[0] == '\0')
		log_info("users.hashes_shown",
		    log_text("domain", domain[0] == '\0' ? NULL : domain));
	packet_init(&fields, WIRE_EXPORT);
	packet_put_u32(&fields, 0);
	while (count < PAGE_USERS && fields.length < PAGE_OCTETS) {
		result = directory_next_user(d, name, domain, name);
		if (result == DIRECTORY_OK)
			result = get_user(d, name, &user);
		if (result != DIRECTORY_OK)
			break;
		put_user(&fields, name, &user, hashes);
		explicit_bzero(&user, sizeof(user));
		packet_set_u32(&fields, 0, ++count);
	}
	if (result == DIRECTORY_FAILED)
		accounts_fail(&q);
	else
		request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}
