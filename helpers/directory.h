/*
 * directory -- what an address comes down to: domains, aliases, users.
 * Reads kv; nothing here waits for anybody but the disk.  registry.h changes
 * what is read here.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include "address.h"
#include "kv.h"
#include "list.h"
#include "record.h"

/* How many aliases may stand behind each other. */
#define DIRECTORY_DEPTH 16

/* Settings are borrowed for as long as the directory is used. */
struct directory {
	struct kv *kv;
	const char *default_domain; /* for a login without "@"; "" for none */
	const char *postmaster;	    /* where its mail goes; "" for nowhere */
	char separator;		    /* '+'; '\0': no plus-addressing */
	const char *lists;	    /* folder of lists; "": none */
	/* Where what is wrong with aliases goes; NULL: the log. */
	const struct list_report *report;
	int limited; /* a user of the last directory_lookup has a quota */
	/* What the address of the last directory_lookup was itself: the key of
	 * a user, an alias, a catch-all; "" of a postmaster. */
	char matched[KV_KEY_MAX];
};

enum directory_result {
	DIRECTORY_OK,
	DIRECTORY_FOREIGN, /* the domain is not ours */
	DIRECTORY_NO_USER,
	DIRECTORY_LOOP,	    /* aliases in a circle, too deep, or too many */
	DIRECTORY_BAD_LIST, /* an alias's file can't be used; reported */
	DIRECTORY_FAILED    /* the disk or the memory; logged */
};

/*
 * The mailboxes that mail to address goes to: exact names before those without
 * "+detail", aliases before users, both before the domain's catch-all (the
 * alias
 * "@domain"), no doubles.  An alias that names itself means the user of that
 * name.  Targets that are no more are left out.
 *
 * RFC 5321 4.5.1: postmaster of each domain, and postmaster alone (of the
 * default domain, or the first one), gets through wherever there is a user: to
 * an alias or user of that name, else to the conf's postmaster, or, where
 * none is named, the domain's catch-all, else to the domain's first user, else
 * to the first user at all.
 *
 * targets are set only for DIRECTORY_OK.
 */
enum directory_result directory_lookup(
    struct directory *d, const char *address, struct record_targets *targets);

/* The same of an alias's target, which may be ":include:NAME" (list.h). */
enum directory_result directory_lookup_target(
    struct directory *d, const char *target, struct record_targets *targets);

/* Whether we take mail for the domain: OK, FOREIGN or FAILED. */
enum directory_result
directory_has_domain(struct directory *d, const char *domain);

#endif
