#include "accounts_users.h"

#include "accounts_admin.h"
#include "accounts_link.h"
#include "accounts_owner.h"
#include "clock.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "password.h"
#include "registry_user.h"
#include "ring.h"
#include "server.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How long mailctl waits for a hash, and mailbox may let us wait. */
#define HASH_TIME (20 * CLOCK_SECOND)
#define TELL_TIME (10 * CLOCK_SECOND)

/* Has one mailbox helper forget what it remembers of this owner. */
static void
tell_one(int link, const char *name, int64_t deadline)
{
	struct packet tell;

	packet_init(&tell, WIRE_CHANGED);
	packet_put_text(&tell, name);
	accounts_link_tell(link, &tell, name, deadline);
	packet_free(&tell);
}

/* Each of them may have had the mailbox.  The change stands already, so a full
 * link is waited for. */
void
accounts_tell_changed(const char *name)
{
	int64_t deadline = clock_after(TELL_TIME);

	for (unsigned i = 0; i < accounts.helper->mailboxes; i++)
		tell_one(accounts.links[i], name, deadline);
}

/* Checks the name, hashes the password, and writes it where that all worked.
 * system: of a new user, or NULL. */
static enum registry_result
set_password(const char *name, const char *password, int new,
    const struct record_system *system, char *why)
{
	struct directory *d = &accounts.directory;
	struct registry_login login = {.source = RECORD_OWN};
	enum registry_result result;

	if (password[0] == '\0') {
		snprintf(why, REGISTRY_WHY_MAX, "the password is empty");
		return REGISTRY_REFUSED;
	}
	if ((result = registry_user_check(d, name, new, why)) != REGISTRY_OK)
		return result;
	if (password_make(accounts.password, NULL, password, &login.made,
		clock_after(HASH_TIME)) != PASSWORD_GOOD)
		return REGISTRY_FAILED;
	if (accounts.helper->conf->store_secrets)
		snprintf(login.secret, sizeof(login.secret), "%s", password);
	/* Others had their turn meanwhile: these check the name again. */
	if (new)
		result = registry_user_add(d, name, &login, system, why);
	else
		result = registry_user_passwd(d, name, &login, why);
	explicit_bzero(&login, sizeof(login));
	return result;
}

/* Whether name is one; forgets its logins, and puts the name under which they
 * are remembered, and mailbox knows the owner, to canonical. */
static int
forget(const char *name, char *canonical)
{
	struct address a;

	if (address_parse(name, &a) != ADDRESS_OK)
		return 0;
	address_name(&a, canonical);
	password_forget(accounts.password, canonical);
	return 1;
}

static void
forget_user(const char *name)
{
	char canonical[WIRE_NAME_MAX];

	if (forget(name, canonical))
		accounts_tell_changed(canonical);
}

void
accounts_forget_password(const char *name)
{
	char canonical[WIRE_NAME_MAX];

	forget(name, canonical);
}

/* The fields of a system user behind his name and password. */
static enum registry_result
read_system(struct packet *p, struct record_system *system, char *why)
{
	const char *wrong;

	system->uid = packet_get_u32(p);
	system->gid = packet_get_u32(p);
	packet_get_text(p, system->path, sizeof(system->path));
	if (p->error != 0)
		return REGISTRY_OK; /* packet_end will tell */
	if ((wrong = accounts_owner_check(accounts.helper, system)) == NULL)
		return REGISTRY_OK;
	snprintf(why, REGISTRY_WHY_MAX, "%s", wrong);
	return REGISTRY_REFUSED;
}

/* What a request that brings a password is for. */
enum purpose { PURPOSE_CHANGE, PURPOSE_NEW, PURPOSE_NEW_SYSTEM };

static int
answer_password(struct request *q, enum purpose purpose)
{
	int new = purpose != PURPOSE_CHANGE;
	struct record_system system = {.path = ""};
	char name[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	char why[REGISTRY_WHY_MAX];
	enum registry_result result = REGISTRY_OK;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, password, sizeof(password));
	if (purpose == PURPOSE_NEW_SYSTEM)
		result = read_system(&q->packet, &system, why);
	if (q->packet.data != NULL)
		explicit_bzero(q->packet.data, q->packet.length);
	if (packet_end(&q->packet) == -1) {
		explicit_bzero(password, sizeof(password));
		return -1;
	}
	if (result == REGISTRY_OK)
		result = set_password(name, password, new,
		    purpose == PURPOSE_NEW_SYSTEM ? &system : NULL, why);
	explicit_bzero(password, sizeof(password));
	if (result == REGISTRY_OK)
		forget_user(name);
	return accounts_end_change(
	    &q, new ? "user.added" : "user.password_set", name, result, why);
}

int
answer_user_add(struct request *q)
{
	return answer_password(q, PURPOSE_NEW);
}

int
answer_user_add_system(struct request *q)
{
	return answer_password(q, PURPOSE_NEW_SYSTEM);
}

int
answer_user_quota(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	struct record_quota quota;
	enum registry_result result;
	uint8_t own;

	packet_get_text(&q->packet, name, sizeof(name));
	own = packet_get_u8(&q->packet);
	quota.octets = packet_get_u64(&q->packet);
	quota.messages = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1 || own > 1 ||
	    quota.octets > INT64_MAX || quota.messages > INT64_MAX)
		return -1;
	result = registry_user_quota(
	    &accounts.directory, name, own ? &quota : NULL, why);
	if (result == REGISTRY_OK)
		forget_user(name);
	return accounts_end_change(&q, "user.quota_set", name, result, why);
}

int
answer_user_passwd(struct request *q)
{
	return answer_password(q, PURPOSE_CHANGE);
}

int
answer_user_del(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	enum registry_result result;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	result = registry_user_del(&accounts.directory, name, why);
	if (result == REGISTRY_OK)
		forget_user(name);
	return accounts_end_change(&q, "user.deleted", name, result, why);
}

/* All that a user may send as besides; nothing waits while it holds something,
 * and it is too large for a fiber's stack. */
static struct record_targets senders;

int
answer_user_senders(struct request *q)
{
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];

	packet_get_text(&q->packet, name, sizeof(name));
	accounts_get_targets(&q->packet, &senders);
	if (packet_end(&q->packet) == -1)
		return -1;
	return accounts_end_change(&q, "user.senders_set", name,
	    registry_user_senders(&accounts.directory, name, &senders, why),
	    why);
}

/* Whether PAM may be asked at all, and about this name. */
static enum registry_result
check_pam(const struct record_system *system, int is_system, char *why)
{
	const char *wrong = NULL;

	if (accounts.pam == NULL)
		wrong =
		    "helpers.conf names no PAM service: set pam { service }";
	else if (is_system)
		wrong = accounts_owner_check(accounts.helper, system);
	if (wrong == NULL)
		return REGISTRY_OK;
	snprintf(why, REGISTRY_WHY_MAX, "%s", wrong);
	return REGISTRY_REFUSED;
}

int
answer_user_pam(struct request *q)
{
	struct registry_login login = {.source = RECORD_PAM};
	struct directory *d = &accounts.directory;
	char name[WIRE_NAME_MAX], why[REGISTRY_WHY_MAX];
	struct record_system system = {.path = ""};
	enum registry_result result;
	uint8_t is_new, is_system;

	packet_get_text(&q->packet, name, sizeof(name));
	is_new = packet_get_u8(&q->packet);
	is_system = packet_get_u8(&q->packet);
	system.uid = packet_get_u32(&q->packet);
	system.gid = packet_get_u32(&q->packet);
	packet_get_text(&q->packet, system.path, sizeof(system.path));
	if (packet_end(&q->packet) == -1 || is_new > 1 || is_system > 1)
		return -1;
	result = check_pam(&system, is_system, why);
	if (result == REGISTRY_OK && is_new)
		result = registry_user_add(
		    d, name, &login, is_system ? &system : NULL, why);
	else if (result == REGISTRY_OK)
		result = registry_user_passwd(d, name, &login, why);
	if (result == REGISTRY_OK)
		forget_user(name);
	return accounts_end_change(&q, "user.pam_set", name, result, why);
}
