/*
 * mechanism -- the SASL mechanisms by name, as a client process tells of them.
 * Pure.
 */
#ifndef MECHANISM_H
#define MECHANISM_H

#include "sasl.h"

/*
 * Whether a mechanism is to be announced on this channel: of those for TLS
 * alone (they hand a reusable secret over in clear: PLAIN, LOGIN, USER,
 * OAUTHBEARER, XOAUTH2) under TLS or where plaintext says so, -PLUS where
 * there is a binding, EXTERNAL where there is a certificate.  What the helper
 * lets through is its own conf's matter.
 */
int mechanism_fits(
    const char *mechanism, const struct sasl_channel *channel, int plaintext);

/* conf_setting.check of a list of mechanisms: is this the name of one? */
int mechanism_check(const char *value, char *why, size_t size);

#endif
