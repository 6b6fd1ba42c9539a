#include "sender.h"

#include "directory_user.h"

#include <string.h>
#include <strings.h>

/* Whether the list that was given to the user has the address. */
static int
is_given(const struct record_user *user, const struct address *a)
{
	const char *at = user->senders;
	const char *end = user->senders + user->senders_length;
	char name[WIRE_NAME_MAX];

	address_name(a, name);
	for (; at < end; at += strlen(at) + 1) {
		if (strcmp(at, name) == 0 ||
		    (at[0] == '@' && strcmp(at + 1, a->domain) == 0))
			return 1;
	}
	return 0;
}

/* Whether mail to the address comes to this mailbox, and nowhere else. */
static enum directory_result
leads_to(struct directory *d, const char *address, const char *name,
    struct record_targets *room)
{
	enum directory_result result = directory_lookup(d, address, room);

	if (result == DIRECTORY_OK &&
	    (room->count != 1 || strcmp(room->names[0], name) != 0))
		return DIRECTORY_NO_USER;
	return result == DIRECTORY_OK || result == DIRECTORY_FAILED
		   ? result
		   : DIRECTORY_NO_USER;
}

enum directory_result
sender_check(struct directory *d, enum sender_rule rule, const char *name,
    const char *address, struct record_targets *room)
{
	enum directory_result result;
	struct record_user user;
	struct address own, a;
	int may = 0;

	result = directory_user(d, name, &own, &user);
	if (result == DIRECTORY_OK) {
		if (address[0] == '\0' || rule == SENDER_ANY)
			may = 1;
		else if (address_parse(address, &a) == ADDRESS_OK)
			may = is_given(&user, &a) ||
			      (rule == SENDER_DOMAIN &&
				  strcmp(a.domain, own.domain) == 0);
	}
	explicit_bzero(&user, sizeof(user));
	if (result != DIRECTORY_OK || may)
		return result;
	return leads_to(d, address, name, room);
}
