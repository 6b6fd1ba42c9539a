#include "service_files.h"

#include "tls_client.h"
#include "tls_conf.h"

#include <stdio.h>

/* Makes of the files what the client process will, to see that it can. */
static int
try_files(const struct tls_settings *s, const struct tls_files *files,
    char *why, size_t size)
{
	struct tls_conf *tls;
	struct tls_client *others;

	if (s->certificates.count > 0) {
		if ((tls = tls_conf_new(s, files, why, size)) == NULL)
			return -1;
		tls_conf_free(&tls);
	}
	if (tls_settings_has_trust(s)) {
		if ((others = tls_client_new(files, why, size)) == NULL)
			return -1;
		tls_client_free(&others);
	}
	return 0;
}

int
service_files_load(const struct service_settings *s, struct tls_files *files,
    char *why, size_t size)
{
	size_t certificates = s->tls.certificates.count;

	*files = (struct tls_files){0};
	if (certificates == 0 && s->listen_tls.count > 0) {
		snprintf(why, size, "listen_tls needs tls certificates");
		return -1;
	}
	if (certificates == 0 && !tls_settings_has_trust(&s->tls))
		return 0;
	if (certificates > 0 && s->tls.clients != TLS_CLIENTS_OFF &&
	    s->tls.client_ca[0] == '\0') {
		snprintf(why, size, "tls clients needs client_ca");
		return -1;
	}
	if (tls_files_read(files, &s->tls, why, size) == -1)
		return -1;
	if (try_files(&s->tls, files, why, size) == 0)
		return 0;
	tls_files_free(files);
	return -1;
}
