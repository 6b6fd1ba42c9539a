/*
 * registry_rule -- changes to rules (rule.h; registry.h: what holds for all
 * changes).  A rule goes with the last user or alias of its name.
 */
#ifndef REGISTRY_RULE_H
#define REGISTRY_RULE_H

#include "registry.h"
#include "rule.h"

/*
 * The rule of a name that is there, instead of what was said before; senders
 * as people write them.  None for a postmaster, whom all may reach (RFC 5321
 * 4.5.1).
 */
enum registry_result registry_rule_set(
    struct directory *d, const char *name, const struct rule *rule, char *why);
enum registry_result
registry_rule_del(struct directory *d, const char *name, char *why);

#endif
