/*
 * registry -- changes to domains and aliases (registry_user.h: to users): the
 * rules that keep the directory (directory.h) in order.
 *
 * Each change is durable when it returns REGISTRY_OK, and otherwise was not
 * made.  why[REGISTRY_WHY_MAX] gets a reason, for people, with
 * REGISTRY_REFUSED.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "directory.h"

#define REGISTRY_WHY_MAX 512

enum registry_result {
	REGISTRY_OK,
	REGISTRY_REFUSED,
	REGISTRY_FAILED /* the disk or the memory; logged */
};

enum registry_result
registry_domain_add(struct directory *d, const char *domain, char *why);

/* Refused while the domain has a user or an alias. */
enum registry_result
registry_domain_del(struct directory *d, const char *domain, char *why);

/*
 * A new alias in an existing domain; "@domain" gets what has no name of its own
 * there.  Each target must come down to a mailbox
 * here (no mail is relayed), and the alias to WIRE_TARGETS_MAX at most.
 */
enum registry_result registry_alias_add(struct directory *d,
    const char *address, const struct record_targets *targets, char *why);
enum registry_result
registry_alias_del(struct directory *d, const char *address, char *why);

#endif
