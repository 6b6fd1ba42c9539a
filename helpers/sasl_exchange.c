#include "sasl_exchange.h"

#include <string.h>
#include <strings.h>

const struct sasl_mechanism *
sasl_exchange_find(const char *name)
{
	static const struct sasl_mechanism *const tables[] = {
	    sasl_gsasl_mechanisms, sasl_scram_mechanisms, sasl_oauth_mechanisms,
	    sasl_pop3_mechanisms};
	const struct sasl_mechanism *m;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (m = tables[i]; m->name != NULL; m++)
			if (strcasecmp(m->name, name) == 0)
				return m;
	return NULL;
}

void
sasl_exchange_say(struct sasl_output *out, const char *text)
{
	out->length = strlen(text);
	if (out->length > sizeof(out->data))
		out->length = 0;
	memcpy(out->data, text, out->length);
}
