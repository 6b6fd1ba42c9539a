#include "login.h"

#include "accounts_admin.h"
#include "clock.h"
#include "directory_user.h"
#include "fiber.h"
#include "log.h"
#include "pam_client.h"
#include "password.h"
#include "registry_user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPGRADE_TIME (60 * CLOCK_SECOND)
/* Upgrades under way, or waiting until no login does, at most: what is left
 * comes with the user's next login. */
#define UPGRADES_MAX 1

/* A good password, to be stored better than it is. */
struct upgrade {
	char name[WIRE_NAME_MAX];
	char old[RECORD_HASH_MAX];
	char password[WIRE_PASSWORD_MAX];
};

static unsigned upgrades;

enum sasl_result
login_find(struct login *l, const char *client, const char *user)
{
	enum directory_result found;
	int follows = l->follows_backends;
	struct address a;

	login_wipe(l);
	l->follows_backends = follows;
	found = directory_user(&accounts.directory, user, &a, &l->user);
	if (found == DIRECTORY_FAILED) {
		accounts_check();
		login_wipe(l);
		return SASL_TEMPORARY;
	}
	l->found = found == DIRECTORY_OK;
	if (a.local[0] != '\0' && a.domain[0] != '\0')
		address_name(&a, l->name);
	else
		snprintf(l->name, sizeof(l->name), "%s", user);
	delay_identify(accounts.delay, client, l->name, &l->who);
	return SASL_OK;
}

static void
run_upgrade(void *arg)
{
	struct upgrade *u = arg;
	enum registry_result result;
	struct hash_made made;

	if (password_make_idle(accounts.password, u->password, &made,
		clock_after(UPGRADE_TIME)) == PASSWORD_GOOD) {
		result = registry_user_upgrade(
		    &accounts.directory, u->name, u->old, &made);
		if (result == REGISTRY_OK)
			log_info("user.upgraded", log_text("name", u->name));
		else if (result == REGISTRY_FAILED)
			accounts_check();
	}
	explicit_bzero(&made, sizeof(made));
	explicit_bzero(u, sizeof(*u));
	free(u);
	upgrades--;
}

/* A text that SASLprep leaves as it is. */
static int
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return 0;
	return 1;
}

static int
is_weaker(const struct record_user *user, const char *password)
{
	const struct hash_want *want = &accounts.want;

	if (hash_is_weaker(user->hash, want))
		return 1;
	/* Another text may be one for which there are no keys at all: it shall
	 * not be tried with each login. */
	if (user->sha256.iterations == 0)
		return is_printable(password);
	return user->sha256.iterations < want->iterations;
}

/* Stores the password as the conf wants it, in the place of what is there. */
static void
store(const struct login *l, const char *password)
{
	struct upgrade *u;

	if (upgrades == UPGRADES_MAX || (u = calloc(1, sizeof(*u))) == NULL)
		return;
	snprintf(u->name, sizeof(u->name), "%s", l->name);
	snprintf(u->old, sizeof(u->old), "%s", l->user.hash);
	snprintf(u->password, sizeof(u->password), "%s", password);
	upgrades++;
	if (fiber_spawn("upgrade", run_upgrade, u) == 0)
		return;
	upgrades--;
	explicit_bzero(u, sizeof(*u));
	free(u);
}

void
login_learn(const struct login *l)
{
	if (l->user.hash[0] == '\0' && l->user.source == RECORD_OWN &&
	    l->user.backend.flags & RECORD_BACKEND_LEARN)
		store(l, l->password);
}

/* What comes of a password that is to go on to a backend.  1: it goes on
 * without being judged here. */
static int
hand_on(struct login *l, const char *password)
{
	const struct record_backend *b = &l->user.backend;

	if (!l->found || !l->follows_backends || b->host[0] == '\0')
		return 0;
	snprintf(l->password, sizeof(l->password), "%s", password);
	l->is_unproved = b->flags & RECORD_BACKEND_THERE && password[0] != '\0';
	return l->is_unproved;
}

static enum password_result
check(struct login *l, const char *password, int64_t deadline)
{
	if (l->found && l->user.source == RECORD_PAM)
		return pam_client_verify(
		    accounts.pam, &l->who, l->name, password, deadline);
	return password_verify(accounts.password, &l->who, l->name,
	    l->user.hash, password, deadline);
}

enum sasl_result
login_password(struct login *l, const char *password, int64_t deadline)
{
	if (hand_on(l, password))
		return SASL_OK;
	switch (check(l, password, deadline)) {
	case PASSWORD_GOOD:
		if (l->user.source == RECORD_OWN &&
		    is_weaker(&l->user, password))
			store(l, password);
		return login_proved(l, 1);
	case PASSWORD_WRONG:
		return login_proved(l, 0);
	case PASSWORD_BUSY:
		log_warn("login.busy", log_text("user", l->name));
		break;
	case PASSWORD_FAILED:
		break;
	}
	return SASL_TEMPORARY;
}

enum sasl_result
login_proved(struct login *l, int is_right)
{
	if (is_right && l->found) {
		delay_good(accounts.delay, &l->who);
		return SASL_OK;
	}
	l->delay_ms = delay_failed(accounts.delay, &l->who);
	return SASL_DENIED;
}

int
login_may_act_as(const struct login *l, const char *identity)
{
	enum directory_result found;
	char name[WIRE_NAME_MAX] = "";
	struct record_user user;
	struct address a;

	if (identity[0] == '\0')
		return 1;
	found = directory_user(&accounts.directory, identity, &a, &user);
	explicit_bzero(&user, sizeof(user));
	if (found == DIRECTORY_OK)
		address_name(&a, name);
	return found == DIRECTORY_OK && strcmp(name, l->name) == 0;
}

void
login_wipe(struct login *l)
{
	explicit_bzero(l, sizeof(*l));
}
