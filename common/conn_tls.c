/* What conn says of its TLS. */
#include "conn.h"

int
conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

void
conn_tls_info(const struct conn *c, struct tls_info *info)
{
	(void)c;
	*info = (struct tls_info){
	    .version = "", .cipher = "", .group = "", .name = "", .peer = ""};
}

size_t
conn_tls_binding(const struct conn *c, enum tls_binding kind, unsigned char *to)
{
	(void)c;
	(void)kind;
	(void)to;
	return 0;
}

const char *
conn_tls_peer(const struct conn *c)
{
	(void)c;
	return NULL;
}
