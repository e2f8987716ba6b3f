/*
 * Chromium leads the life of an account in the standard profile, with the
 * mails that come to it.
 *
 *	node tests/browser/life.js CASE
 *
 * MAIL is the directory of the mails, STORE the store, SITE the site's name;
 * see browse.js for the others.  Status 0 if the case holds.
 */
"use strict";
const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: pause } = require("node:timers/promises");
const { BASE, PASSWORD, newAddress, open, run, showEach, visit, where,
	withoutScript } = require("./browse.js");

const { MAIL, STORE, SITE } = process.env;
const LANGUAGES = path.join(__dirname, "../../conf/lang");
const LOCALES = { en: "en-GB", fr: "fr-FR" };

/* ------------------------------------------------------------- languages */

const catalogues = {};
for (const lang of Object.keys(LOCALES))
	catalogues[lang] = JSON.parse(fs.readFileSync(
		path.join(LANGUAGES, `${lang}.json`), "utf8"));

const squeeze = (text) => text.replace(/\s+/g, " ").trim();

/* A phrase as this person reads it. */
function say(person, key, values = {}) {
	const phrase = catalogues[person.lang][key];
	assert.ok(phrase, `no ${key}`);
	return squeeze(phrase.replace(/\{\{(\w+)\}\}/g, (all, name) =>
		({ site: SITE, who: person.email, ...values })[name] ?? all));
}

/* ----------------------------------------------------------------- mails */

/* Another reader than what wrote them: words of RFC 2047, quoted lines. */
const READER = `
import email, email.policy, json, sys
with open(sys.argv[1], "rb") as f:
    mail = email.message_from_binary_file(f, policy=email.policy.default)
print(json.dumps({"to": mail["To"], "subject": mail["Subject"],
    "text": mail.get_content()}))`;
const letters = new Map();

/* What has come to an address and has not been read yet. */
function unread(address) {
	for (const name of fs.readdirSync(MAIL).filter((n) =>
		n.endsWith(".eml") && !letters.has(n)))
		letters.set(name, JSON.parse(execFileSync("/usr/bin/python3",
			["-c", READER, path.join(MAIL, name)])));
	return [...letters.values()].filter((letter) =>
		letter.to === address && !letter.read);
}

/* The next mail to this person, which has to be of this kind. */
async function mailed(person, kind) {
	const until = Date.now() + 30000;
	let found;
	while ((found = unread(person.email)).length === 0) {
		assert.ok(Date.now() < until, `no mail: ${kind}`);
		await pause(50);
	}
	const [letter] = found;
	letter.read = true;
	const text = squeeze(letter.text);
	const lasts = { minutes: 60, hours: 72 };
	assert.equal(letter.subject, say(person, `mail.${kind}.subject`));
	for (const key of ["hello", `${kind}.what`, `${kind}.open`, "known"])
		assert.ok(text.includes(say(person, `mail.${key}`, lasts)),
			`no ${key} in: ${letter.text}`);
	return {
		link: letter.text.match(/^http:\S+$/m)[0],
		code: letter.text.match(/^\d{4} \d{4}$/m)?.[0],
	};
}

/* ------------------------------------------------- what somebody does */

const newPerson = (lang) => ({ lang, email: newAddress(), password: PASSWORD });
const main = (page) => page.locator("main");
const press = (page, person, key) => page.getByRole("button",
	{ name: say(person, key), exact: true }).click();
const follow = (page, person, key) => main(page).getByRole("link",
	{ name: say(person, key), exact: true }).click();

async function enter(page, person, values) {
	for (const [name, value] of Object.entries(values))
		await main(page).getByLabel(say(person, `page.label.${name}`),
			{ exact: true }).fill(value);
}

/* On this page, in this person's language, with what was done before. */
async function on(page, person, name, done) {
	const notice = page.locator(".notice");
	assert.equal(await page.getAttribute("html", "lang"), person.lang);
	assert.equal(squeeze(await page.innerText("h1")),
		say(person, `page.${name}.title`), page.url());
	assert.deepEqual((await notice.allInnerTexts()).map(squeeze),
		done ? [say(person, `page.done.${done}`)] : []);
}

async function refused(page, person, code, values) {
	const text = squeeze(await page.innerText(".refused"));
	assert.ok(text.endsWith(say(person, `page.error.${code}`, values)),
		text);
}

/* The link of a mail can be opened as often as one likes. */
async function opens(page, person, link, name) {
	await page.goto(link);
	await on(page, person, name);
	await page.reload();
	await on(page, person, name);
}

async function registers(page, person) {
	await open(page, "/register");
	await on(page, person, "register");
	await enter(page, person, { email: person.email,
		password: person.password });
	await press(page, person, "page.register.button");
	await on(page, person, "confirm_user", "check_mail");
	const { link } = await mailed(person, "registration");
	await opens(page, person, link, "confirm_user");
	await press(page, person, "page.confirm_user.button");
	await on(page, person, "login", "user_created");
}

async function logsIn(page, person) {
	await open(page, "/login");
	await enter(page, person, { email: person.email,
		password: person.password });
	await press(page, person, "page.login.button");
	await on(page, person, "account");
	assert.ok((await page.innerText("main")).includes(person.email));
}

async function logsOut(page, person) {
	await press(page, person, "page.logout.button");
	await on(page, person, "home", "logged_out");
}

async function changesPassword(page, person, password) {
	await follow(page, person, "page.account.change_password");
	await on(page, person, "password");
	await enter(page, person, { current_password: person.password,
		new_password: password });
	await press(page, person, "page.password.button");
	await on(page, person, "account", "password_changed");
	person.password = password;
	return mailed(person, "password_changed");
}

async function asksForReset(page, person) {
	await on(page, person, "reset", "account_recovered");
	await enter(page, person, { email: person.email });
	await press(page, person, "page.reset.button");
	await on(page, person, "new_password", "reset_mailed");
	return mailed(person, "reset");
}

/* By the link of the mail. */
async function resets(page, person, password) {
	const { link } = await asksForReset(page, person);
	await opens(page, person, link, "new_password");
	await enter(page, person, { new_password: password });
	await setsPassword(page, person, password);
}

async function setsPassword(page, person, password) {
	await press(page, person, "page.new_password.button");
	await on(page, person, "login", "password_updated");
	person.password = password;
	await mailed(person, "password_changed");
}

/* As if the password had been asked for some time ago. */
const growStale = () => execFileSync("sqlite3", ["-cmd", ".timeout 10000",
	"-cmd", "PRAGMA wal_autocheckpoint = 0", STORE,
	"UPDATE sessions SET proved_at = 1"]);

/* Returns the link by which the former address comes back. */
async function changesAddress(page, person, email) {
	const anew = { ...person, email };
	growStale();
	await follow(page, person, "page.account.change_email");
	await on(page, person, "email");
	await enter(page, person, { email, password: person.password });
	await press(page, person, "page.email.button");
	await on(page, person, "address", "address_mailed");
	const { link } = await mailed(anew, "address_change");
	await opens(page, person, link, "address");
	await press(page, person, "page.address.button");
	await on(page, anew, "account", "address_changed");
	assert.ok((await page.innerText("main")).includes(email));
	return (await mailed(person, "address_changed")).link;
}

/* -------------------------------------------------------- a whole life */

async function forgets(page, person, password) {
	await follow(page, person, "page.login.button");
	await on(page, person, "login");
	await follow(page, person, "page.login.forgotten");
	await on(page, person, "reset");
	await enter(page, person, { email: person.email });
	await press(page, person, "page.reset.button");
	await on(page, person, "new_password", "reset_mailed");
	const { code } = await mailed(person, "reset");
	await enter(page, person, { email: person.email, reset_token: code,
		new_password: password });
	await setsPassword(page, person, password);
}

async function endsAnother(page, person, options) {
	await visit(options, async (other) => {
		await logsIn(other, person);
		await mailed(person, "new_device");
		await page.reload();
		await page.click(".rows form button");
		await on(page, person, "account", "session_ended");
		assert.equal(await page.locator(".rows form").count(), 0);
		await other.reload();
		await on(other, person, "login", "no_session");
	});
}

async function chooses(page, person, lang) {
	const chosen = { ...person, lang };
	await follow(page, person, "page.account.change_language");
	await on(page, person, "language");
	await page.getByLabel(say(chosen, "language"), { exact: true })
		.check();
	await press(page, person, "page.language.button");
	await on(page, chosen, "account", "language_set");
	assert.ok((await page.innerText("main")).includes(
		say(chosen, "language")));
	return chosen;
}

async function exports(page, person) {
	await follow(page, person, "page.account.export");
	await on(page, person, "export");
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		press(page, person, "page.export.button"),
	]);
	assert.equal(download.suggestedFilename(), "account.json");
	const held = JSON.parse(fs.readFileSync(await download.path(), "utf8"));
	assert.equal(held.email, person.email);
	assert.equal(held.language, person.lang);
	await follow(page, person, "page.back");
}

async function leaves(page, person) {
	await follow(page, person, "page.account.delete");
	await on(page, person, "delete");
	assert.ok(squeeze(await page.innerText("main")).includes(
		say(person, "page.delete.what")));
	await enter(page, person, { password: person.password });
	await press(page, person, "page.delete.button");
	await on(page, person, "home", "account_deleted");
	await mailed(person, "account_deleted");
	await open(page, "/login");
	await enter(page, person, { email: person.email,
		password: person.password });
	await press(page, person, "page.login.button");
	await refused(page, person, "bad_credentials");
}

async function life(lang, javaScriptEnabled) {
	const options = { locale: LOCALES[lang], javaScriptEnabled };
	const person = newPerson(lang);
	const former = person.email;
	await visit(options, async (page) => {
		await open(page, "/");
		await on(page, person, "home");
		await registers(page, person);
		await logsIn(page, person);
		await changesPassword(page, person, `${PASSWORD} more`);
		await logsOut(page, person);
		await forgets(page, person, `${PASSWORD} again`);
		await logsIn(page, person);
		const email = newAddress();
		const undo = await changesAddress(page, person, email);
		person.email = email;
		await opens(page, person, undo, "undo");
		await open(page, "/account");
		await endsAnother(page, person, options);
		const abroad = await chooses(page, person,
			lang === "en" ? "fr" : "en");
		await chooses(page, abroad, lang);
		await exports(page, person);
		await leaves(page, person);
	});
	for (const address of [former, person.email])
		assert.deepEqual(unread(address), []);
}

/* ------------------------------------------------------------- each page */

/* What the token of a link looks like; this one is of none. */
const TOKEN = "x".repeat(43);

const linked = (path, name, button) => ({
	[`${name} by its link`]: (page) => open(page, `${path}=${TOKEN}`),
	async [`${name} that is refused`](page, person) {
		await open(page, `${path}=${TOKEN}`);
		if (path.startsWith("/reset"))
			await enter(page, person, { new_password: PASSWORD });
		await press(page, person, `page.${button}.button`);
		await page.waitForSelector(".refused");
	},
});

async function tooOften(page, person) {
	for (let i = 0; i < 4; i++) {
		await open(page, "/reset");
		await enter(page, person, { email: "often@example.org" });
		await press(page, person, "page.reset.button");
	}
	await refused(page, person, "too_many_mails", { wait: "5 min" });
}

async function weak(page, person) {
	await open(page, "/register");
	await enter(page, person, { email: person.email, password: "x" });
	await press(page, person, "page.register.button");
	await refused(page, person, "password_too_short", { least: 15 });
}

const SHOWN = {
	home: (page) => open(page, "/"),
	login: (page) => open(page, "/login?done=user_created"),
	register: (page) => open(page, "/register"),
	"registration that is refused": weak,
	confirm: (page) => open(page, "/confirm?done=check_mail"),
	...linked("/confirm?token", "confirm", "confirm_user"),
	reset: (page) => open(page, "/reset?done=account_recovered"),
	"reset that is asked for too often": tooOften,
	"reset by its code": (page) =>
		open(page, "/reset/password?done=reset_mailed"),
	...linked("/reset?token", "reset", "new_password"),
	address: (page) => open(page, "/address?done=address_mailed"),
	...linked("/address?token", "address", "address"),
	...linked("/undo?token", "undo", "undo"),
	...linked("/report?token", "report", "report"),
};

const SHOWN_INSIDE = {
	"home inside": (page) => open(page, "/"),
	account: (page) => open(page, "/account?done=address_changed"),
	email: (page) => open(page, "/account/email"),
	async "email that is refused"(page, person) {
		await open(page, "/account/email");
		await enter(page, person, { email: "x".repeat(255) +
			"@example.org", password: person.password });
		await press(page, person, "page.email.button");
		await refused(page, person, "field_too_long");
	},
	password: (page) => open(page, "/account/password"),
	language: (page) => open(page, "/account/language"),
	async "language that is refused"(page, person) {
		await open(page, "/account/language");
		await page.locator("main input[type=radio]").first()
			.evaluate((radio) => {
				radio.value = "xx";
				radio.checked = true;
			});
		await press(page, person, "page.language.button");
		await refused(page, person, "unknown_language");
	},
	"is it you": (page) => open(page, "/account/confirm"),
	export: (page) => open(page, "/account/export"),
	delete: (page) => open(page, "/account/delete"),
	"logout by a link": (page) => open(page, "/logout"),
};

/* With an address that is as long as few are. */
async function eachPage(lang, script) {
	const options = { locale: LOCALES[lang] };
	const person = newPerson(lang);
	person.email = `somebody.with.a.rather.long.name-${person.email}`;
	await visit(options, async (page, context) => {
		if (!script)
			await withoutScript(context);
		await showEach(SHOWN, page, person, lang);
		await registers(page, person);
		await logsIn(page, person);
		await visit(options, (other) => logsIn(other, person));
		await showEach(SHOWN_INSIDE, page, person, lang);
	});
}

/* ------------------------------------------------------------- the cases */

/* An account whose owner is in it, and somebody else who has the password. */
async function stolen(use) {
	const owner = newPerson("en");
	const options = { locale: LOCALES.en };
	await visit(options, (page) => visit(options, async (thief) => {
		await registers(page, owner);
		await logsIn(page, owner);
		await logsIn(thief, owner);
		await mailed(owner, "new_device");
		await use(page, thief, owner);
		await thief.goto(`${BASE}/account`);
		await on(thief, owner, "login", "no_session");
		await resets(page, owner, `${PASSWORD} of mine`);
		await logsIn(page, owner);
	}));
}

const CASES = {
	"a life in English": () => life("en", true),
	"a life in English without JavaScript": () => life("en", false),
	"a life in French": () => life("fr", true),
	"a life in French without JavaScript": () => life("fr", false),

	"it was not me": () => stolen(async (page, thief, owner) => {
		const { link } = await changesPassword(thief, { ...owner },
			`${PASSWORD} of yours`);
		await opens(page, owner, link, "report");
		await press(page, owner, "page.report.button");
	}),

	"an address is taken back": () => stolen(async (page, thief, owner) => {
		const email = newAddress();
		const link = await changesAddress(thief, owner, email);
		await opens(page, owner, link, "undo");
		await press(page, owner, "page.undo.button");
		await mailed({ ...owner, email }, "address_undone");
	}),

	"every page with mail": () => eachPage("en", true),
	"every page with mail, without its script, in French": () =>
		eachPage("fr", false),
};

run(CASES);
