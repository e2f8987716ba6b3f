/*
 * browse.js - what the cases of pages.js and life.js have in common: a person
 * with a browser before a gatelodge that runs already
 *
 * BASE is where it is.  With SHOTS, a directory, looksRight leaves a picture of
 * each page there.  NODE_PATH leads to what package.json names.
 */
"use strict";
const assert = require("node:assert/strict");
const path = require("node:path");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const { BASE, SHOTS } = process.env;
const PASSWORD = "seven unrelated words";
const OPTIONS = {
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: process.getuid() === 0 ? ["--no-sandbox"] : [],
};
const SCREENS = {
	desktop: { width: 1280, height: 800 },
	phone: { width: 320, height: 640 },
};

let browser;
let count = 0;

/* ------------------------------------------------------------- a person */

const newAddress = () => `person-${process.pid}-${++count}@example.org`;

const newContext = (options) => browser.newContext(options);

/* A browser of its own.  What it complains of is a failure at its end. */
async function visit(options, use) {
	const context = await newContext(options);
	const page = await context.newPage();
	const wrong = [];
	page.on("pageerror", (fault) => wrong.push(String(fault)));
	page.on("console", (message) => {
		const answered = /the server responded with a status of 4\d\d/;
		if (message.type() === "error" &&
		    !answered.test(message.text()))
			wrong.push(message.text());
	});
	try {
		await use(page, context);
	} finally {
		await context.close();
	}
	assert.deepEqual(wrong, []);
}

const open = (page, where) => page.goto(BASE + where);
const submit = (page) => page.click("main form:last-of-type " +
	".actions button[type=submit]");
const where = (page) => page.url().slice(BASE.length);
const heading = (page) => page.textContent("h1");

async function fill(page, values) {
	for (const [name, value] of Object.entries(values))
		await page.fill(`#${name}`, value);
}

async function logIn(page, email, to = "/login") {
	await open(page, to);
	await fill(page, { email, password: PASSWORD });
	await submit(page);
}

/* ------------------------------------------------------------- each page */

async function violations(page, rules) {
	const found = await page.evaluate((only) => axe.run(document, {
		resultTypes: ["violations"],
		...(only && { runOnly: only }),
	}), rules);
	return found.violations.map((v) => `${v.id}: ${v.help}: ` +
		v.nodes.map((n) => n.html).join(" | "));
}

const measure = (page) => page.evaluate(() => ({
	lang: document.documentElement.lang,
	title: document.title,
	headings: document.querySelectorAll("h1").length,
	main: document.querySelectorAll("main").length,
	wider: document.documentElement.scrollWidth >
		document.documentElement.clientWidth,
	styled: getComputedStyle(document.querySelector("main"))
		.maxWidth !== "none",
	ground: getComputedStyle(document.querySelector("main"))
		.backgroundColor,
	small: [...document.querySelectorAll("main button, main .button, " +
		"main .actions a, main .facts a, main .choice, main " +
		"input:not([type=hidden]):not([type=radio]):not(.away)")]
		.filter((e) => e.getBoundingClientRect().height < 44)
		.map((e) => e.outerHTML),
}));

const picture = (page, what) => page.screenshot({ fullPage: true,
	path: path.join(SHOTS, `${what.replace(/\W+/g, "-")}.png`) });

/* On each screen, in each scheme; what does not depend on them, once. */
async function looksRight(page, name, language) {
	await page.evaluate(axe.source);
	for (const colorScheme of ["light", "dark"]) {
		for (const [screen, size] of Object.entries(SCREENS)) {
			const what = `${name}, ${screen}, ${colorScheme}`;
			const all = screen === "desktop" &&
				colorScheme === "light";
			await page.emulateMedia({ colorScheme });
			await page.setViewportSize(size);
			assert.deepEqual(await violations(page, all ? null :
				["color-contrast", "target-size"]), [], what);
			const seen = await measure(page);
			assert.equal(seen.lang, language, what);
			assert.match(seen.title, / – /, what);
			assert.equal(seen.headings, 1, what);
			assert.equal(seen.main, 1, what);
			assert.ok(!seen.wider, `${what}: wider than it`);
			assert.ok(seen.styled, `${what}: no style`);
			assert.equal(seen.ground === "rgb(255, 255, 255)",
				colorScheme === "light", what);
			assert.deepEqual(seen.small, [],
				`${what}: small to hit`);
			if (SHOTS)
				await picture(page, `${language} ${what}`);
		}
	}
}

/* As a page then stands, in a browser in which axe can run: it is a script. */
const withoutScript = (context) => context.route("**/page.js?*", (route) =>
	route.fulfill({ contentType: "text/javascript", body: "" }));

/* Each of the pages that functions of page and who bring to view, by name. */
async function showEach(pages, page, who, language) {
	for (const [name, show] of Object.entries(pages)) {
		await show(page, who);
		await looksRight(page, name, language);
	}
}

/* --------------------------------------------------------------- to begin */

async function main(cases) {
	const name = process.argv[2];
	if (name === "--list") {
		console.log(Object.keys(cases).join("\n"));
		return;
	}
	browser = await chromium.launch(OPTIONS);
	try {
		await cases[name]();
	} finally {
		await browser.close();
	}
}

/* The case that was asked for. */
const run = (cases) => main(cases).catch((fault) => {
	console.error(fault);
	process.exit(1);
});

module.exports = { BASE, OPTIONS, PASSWORD, fill, heading, logIn, newAddress,
	newContext, open, run, showEach, submit, visit, where,
	withoutScript };

