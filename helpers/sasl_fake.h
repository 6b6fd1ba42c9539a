/*
 * sasl_fake -- what a mechanism is given where there is no such account, or
 * nothing stored for it: something that fits nothing, and stays the same, so
 * that it can't be told from what is real.
 */
#ifndef SASL_FAKE_H
#define SASL_FAKE_H

#include "login.h"

/*
 * The user's SCRAM keys for digest ("SHA1" or "SHA256"); where he has none, a
 * salt that is always the same for his name, keys that nobody has, and
 * l->found is unset.  Wipe them after use.
 */
void
sasl_fake_keys(struct login *l, const char *digest, struct record_scram *keys);

/* A password that nobody knows, each time another. */
void sasl_fake_secret(char secret[65]);

#endif
