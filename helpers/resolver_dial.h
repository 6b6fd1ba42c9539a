/*
 * resolver_dial -- connections to backends, for pop3d, which has no right to
 * make any: a row of the resolver's table (docs/helpers.md).
 */
#ifndef RESOLVER_DIAL_H
#define RESOLVER_DIAL_H

#include "conf.h"
#include "resolver.h"

#include <stdint.h>

struct request;

/* As the resolver's own: looks a name up; the answer is the caller's. */
typedef enum resolver_result resolver_dial_look_up(const char *name,
    enum resolver_type type, struct resolver_answer *answer, int64_t deadline);

/* From now on these servers may be dialled.  Both are borrowed for ever. */
void resolver_dial_allow(
    const struct conf_list *servers, resolver_dial_look_up *look_up);

/* Runs in a fiber of its own. */
int answer_dial(struct request *q);

#endif
