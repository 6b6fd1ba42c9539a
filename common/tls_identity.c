#include "tls_identity.h"

#include <openssl/x509v3.h>
#include <string.h>

static char *
copy_text(const ASN1_STRING *string)
{
	const char *text = (const char *)ASN1_STRING_get0_data(string);
	size_t length = (size_t)ASN1_STRING_length(string);

	if (length == 0)
		return NULL;
	/* No control characters: it goes into logs, and is compared. */
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return NULL;
	return strndup(text, length);
}

/* The first one; NULL: there is none. */
static const ASN1_STRING *
mail_address(const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_EMAIL)
			return name->d.rfc822Name;
	}
	return NULL;
}

static const ASN1_STRING *
common_name(const X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at == -1
		   ? NULL
		   : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

char *
tls_identity(const SSL *ssl)
{
	const X509 *x = SSL_get0_peer_certificate(ssl);
	const ASN1_STRING *name;
	GENERAL_NAMES *names;
	char *copy;

	if (x == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	if ((name = mail_address(names)) == NULL)
		name = common_name(x);
	copy = name != NULL ? copy_text(name) : NULL;
	GENERAL_NAMES_free(names);
	return copy;
}
