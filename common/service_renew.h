/*
 * service_renew -- a reload that brings certificates with new keys: those that
 * the keys helper has not got yet are kept back, and what was shown before goes
 * on being shown, until it has.  For service_client.c, in the fiber that
 * listens to the parent.
 */
#ifndef SERVICE_RENEW_H
#define SERVICE_RENEW_H

#include "conf.h"
#include "service_control.h"

#include <stdint.h>

/*
 * Which of count keys the helper has: has[i] becomes 0 or 1.  0, or -1 with
 * errno: ECONNRESET where it hangs up on who asks that.  May wait, until
 * deadline.
 */
typedef int service_renew_ask(const unsigned char *names, size_t count,
    unsigned char *has, int64_t deadline);

/* Notes what the process begins with: with nothing else to show, it is shown
 * in any case. */
void service_renew_first(const struct tls_files *files);

/*
 * Of a reading: replaces its files by those that can be shown now, and notes
 * the others.  Asks, and may wait, a moment, where there are new keys; what an
 * earlier reading was waiting for is forgotten.  ask: NULL where there is no
 * TLS.
 */
void service_renew_take(struct service_news *n, const struct conf_spec *spec,
    service_renew_ask *ask);

/* When to call service_renew_again: CLOCK_NEVER where nothing is waited for. */
int64_t service_renew_due(void);

/* Asks again.  1: some keys have come: *n is the reading once more, with what
 * can be shown now and no descriptors, the caller's as that of
 * service_control_receive; else 0. */
int service_renew_again(struct service_news *n);

/* Frees all that is kept here. */
void service_renew_end(void);

#endif
