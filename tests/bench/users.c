/*
 * users FOLDER DOMAIN COUNT -- fills the accounts helper's database in FOLDER,
 * which must not run, with DOMAIN and its users u0, u1, ..., password pw.
 *
 * Their hash is the cheapest that is taken, so that the logins of 50,000
 * take seconds and not an hour: for benchmarks that do not measure hashes.
 */
#include "../../helpers/registry_user.h"

#include "log.h"

#include <crypt.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

static void
check(enum registry_result result, const char *why)
{
	if (result == REGISTRY_OK)
		return;
	errx(1, "%s", result == REGISTRY_REFUSED ? why : "the store failed");
}

int
main(int argc, char **argv)
{
	struct directory d = {.default_domain = "", .postmaster = ""};
	struct registry_login login = {.source = RECORD_OWN};
	struct crypt_data data = {.input = ""};
	char name[320], why[REGISTRY_WHY_MAX];
	const char *hash;
	unsigned long i, count;

	if (argc != 4)
		errx(64, "usage: users FOLDER DOMAIN COUNT");
	count = strtoul(argv[3], NULL, 10);
	log_set_level(LEVEL_ERROR);
	hash = crypt_rn("pw", "$6$rounds=1000$bench", &data, (int)sizeof(data));
	if (hash == NULL)
		err(1, "crypt");
	snprintf(login.made.hash, sizeof(login.made.hash), "%s", hash);
	if ((d.kv = kv_open(argv[1], 64 << 20)) == NULL)
		return 1;
	check(registry_domain_add(&d, argv[2], why), why);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "u%lu@%s", i, argv[2]);
		check(registry_user_add(&d, name, &login, NULL, why), why);
	}
	kv_close(&d.kv);
	return 0;
}
