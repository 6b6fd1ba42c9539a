/*
 * users FOLDER DOMAIN COUNT -- fills the accounts helper's database in FOLDER,
 * which must not run, with DOMAIN and its users u0, u1, ..., password pw.
 *
 * Their hash is the cheapest that there is, so that the logins of 50,000 take a
 * minute and not an hour: for benchmarks that do not measure hashes.  The conf
 * must not ask for dearer ones (hash_cost = 1, scram_iterations = 4096), or
 * each login makes one.
 */
#include "../../helpers/registry_user.h"

#include "log.h"

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
	const struct hash_want cheap = {.kind = HASH_YESCRYPT,
	    .cost = HASH_COST_MIN,
	    .iterations = HASH_ITERATIONS_MIN};
	char name[320], why[REGISTRY_WHY_MAX];
	unsigned long i, count;

	if (argc != 4)
		errx(64, "usage: users FOLDER DOMAIN COUNT");
	count = strtoul(argv[3], NULL, 10);
	log_set_level(LEVEL_ERROR);
	if (hash_make(&cheap, "pw", &login.made) != HASH_FITS)
		return 1;
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
