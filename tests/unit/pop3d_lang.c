/* The languages of replies: the table fits together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/lang.h"

#include <string.h>

/* The next conversion of a format, or its end. */
static const char *
next_conversion(const char *format)
{
	while (*format != '\0' && *format != '%')
		format++;
	return format;
}

/* Its length: flags and width are not used in replies. */
static size_t
conversion_length(const char *c)
{
	return *c == '\0' ? 0 : strcspn(c + 1, "sduxc%") + 2;
}

static void
translations_convert_the_same(void **state)
{
	const char *const *pair;
	unsigned count = 0;

	(void)state;
	for (; (pair = lang_pair(count)) != NULL; count++) {
		const char *a = next_conversion(pair[LANG_EN]);
		const char *b = next_conversion(pair[LANG_DE]);

		while (*a != '\0' || *b != '\0') {
			size_t n = conversion_length(a);

			assert_int_equal(n, conversion_length(b));
			assert_memory_equal(a, b, n);
			a = next_conversion(a + n);
			b = next_conversion(b + n);
		}
	}
	assert_true(count > 30);
}

/* RFC 2449 8: what a program reads is the same in each language. */
static void
response_codes_are_kept(void **state)
{
	const char *const *pair;

	(void)state;
	for (unsigned i = 0; (pair = lang_pair(i)) != NULL; i++) {
		size_t n = strcspn(pair[LANG_EN], "]");

		if (pair[LANG_EN][0] == '[')
			assert_memory_equal(
			    pair[LANG_EN], pair[LANG_DE], n + 1);
		else
			assert_int_not_equal(pair[LANG_DE][0], '[');
	}
}

static void
finds_texts(void **state)
{
	const char *none = "a text that nobody has translated";

	(void)state;
	assert_string_equal(lang_text(LANG_EN, "bye"), "bye");
	assert_string_equal(lang_text(LANG_DE, "bye"), "auf Wiedersehen");
	assert_ptr_equal(lang_text(LANG_DE, none), none);
}

/* RFC 4647 3.4. */
static void
finds_languages(void **state)
{
	(void)state;
	assert_int_equal(lang_find("en"), LANG_EN);
	assert_int_equal(lang_find("DE"), LANG_DE);
	assert_int_equal(lang_find("de-AT"), LANG_DE);
	assert_int_equal(lang_find("en-latn-gb"), LANG_EN);
	assert_int_equal(lang_find("fr"), -1);
	assert_int_equal(lang_find("d"), -1);
	assert_int_equal(lang_find("deu"), -1);
	assert_int_equal(lang_find("-"), -1);
	assert_int_equal(lang_find("-de"), -1);
	assert_int_equal(lang_find(""), -1);
	for (int i = 0; i < LANG_COUNT; i++)
		assert_int_equal(lang_find(lang_tag((enum lang)i)), i);
	assert_string_equal(lang_name(LANG_DE), "Deutsch");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(translations_convert_the_same),
	    cmocka_unit_test(response_codes_are_kept),
	    cmocka_unit_test(finds_texts),
	    cmocka_unit_test(finds_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
