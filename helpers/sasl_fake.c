#include "sasl_fake.h"

#include "accounts_admin.h"
#include "hex.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
random_octets(unsigned char *to, size_t length)
{
	if (getentropy(to, length) == -1)
		panic("sasl_fake: no entropy"); /* it was there at the start */
}

void
sasl_fake_keys(struct login *l, const char *digest, struct record_scram *keys)
{
	int is_sha1 = strcmp(digest, "SHA1") == 0;
	unsigned char salt[32];

	*keys = is_sha1 ? l->user.sha1 : l->user.sha256;
	/* Both ways are gone, so that neither is the longer one. */
	delay_secret(
	    accounts.delay, is_sha1 ? "salt1" : "salt256", l->name, salt);
	if (keys->iterations != 0)
		return;
	l->found = 0;
	keys->iterations = accounts.want.iterations;
	keys->length = is_sha1 ? 20 : 32;
	memcpy(keys->salt, salt, sizeof(keys->salt));
	random_octets(keys->stored, sizeof(keys->stored));
	random_octets(keys->server, sizeof(keys->server));
}

void
sasl_fake_secret(char secret[65])
{
	unsigned char octets[32];

	random_octets(octets, sizeof(octets));
	hex_put(secret, octets, sizeof(octets));
}
