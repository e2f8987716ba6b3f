/*
 * Chromium opens the pages of a gatelodge in the compat profile.
 *
 *	node tests/browser/pages.js CASE
 *
 * ELSEWHERE is the port on which a page of another site may be served, whose
 * origin on localhost is in origins; see browse.js for the others.  Status 0
 * if the case holds.
 */
"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");
const { BASE, OPTIONS, PASSWORD, fill, heading, logIn, newAddress, newContext,
	open, run, showEach, submit, visit, where,
	withoutScript } = require("./browse.js");

const PORT = Number(process.env.ELSEWHERE);

async function newAccount() {
	const email = newAddress();
	const answer = await fetch(`${BASE}/users`, {
		method: "POST",
		body: new URLSearchParams({ email, password: PASSWORD }),
	});
	assert.equal(answer.status, 200);
	return email;
}

/* Name: what brings a page that is logged in, or not, there. */
const SHOWN = {
	home: (page) => open(page, "/"),
	login: (page) => open(page, "/login?rd=/account"),
	async "login that is refused"(page) {
		await open(page, "/login");
		await fill(page, { email: "x@example.org", password: "x" });
		await submit(page);
		assert.equal(await page.locator(".refused").count(), 1);
	},
	register: (page) => open(page, "/register"),
	async "register that is refused"(page, email) {
		await open(page, "/register");
		await fill(page, { email, password: "x" });
		await submit(page);
		assert.equal(await page.locator(".why").count(), 1);
	},
	reset: (page) => open(page, "/reset"),
	"reset with a code": (page) => open(page, "/reset/password"),
	"login that has left no cookie": (page) => open(page, "/login/done"),
	"logout of nobody": (page) => open(page, "/logout"),
	"nothing": (page) => open(page, "/nowhere"),
};

const SHOWN_INSIDE = {
	"home inside": (page) => open(page, "/"),
	account: (page) => open(page, "/account?done=password_changed"),
	password: (page) => open(page, "/account/password"),
	async "password that is refused"(page) {
		await open(page, "/account/password");
		await fill(page, { current_password: "x", new_password: "y" });
		await submit(page);
		assert.equal(await page.locator(".why").count(), 1);
	},
	confirm: (page) => open(page, "/account/confirm?rd=/account/export"),
	export: (page) => open(page, "/account/export"),
	delete: (page) => open(page, "/account/delete"),
	logout: (page) => open(page, "/logout"),
	/* It stays in view if there is nothing where it goes on. */
	async "login that goes on"(page) {
		await page.route(`${BASE}/there`, (route) =>
			route.fulfill({ status: 204 }));
		await Promise.all([
			page.waitForRequest(`${BASE}/there`),
			open(page, "/login/done?rd=/there"),
		]);
		assert.equal(where(page), "/login/done?rd=/there");
	},
};

async function eachPage(options, language, script) {
	const email = await newAccount();
	await visit(options, async (page, context) => {
		if (!script)
			await withoutScript(context);
		await showEach(SHOWN, page, email, language);
		await logIn(page, email);
		const other = await fetch(`${BASE}/sessions`, {
			method: "POST",
			body: new URLSearchParams({ email,
				password: PASSWORD }),
		});
		assert.equal(other.status, 200);
		await showEach(SHOWN_INSIDE, page, email, language);
	});
}

/* ---------------------------------------------------------- another site */

/* What leads away is for a browser at another origin than where it leads. */
const MOVED = "/moved;url='x'?y&z";
const AWAY = `http://127.0.0.1:${PORT}/away`;
const TO_MOVED = "?" + new URLSearchParams({
	rd: `http://localhost:${PORT}${MOVED}` });

/* Serves a page on another port, as long as use lasts, and what is moved. */
async function elsewhere(html, use) {
	const server = http.createServer((request, answer) => {
		answer.setHeader("Content-Type", "text/html");
		if (request.url === MOVED)
			answer.writeHead(302, { Location: AWAY });
		answer.end(`<!DOCTYPE html><title>elsewhere</title>${html}`);
	});
	await new Promise((resolve) => server.listen(PORT, resolve));
	try {
		await use();
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
}

const attack = (action, fields) => `<form method="post" ` +
	`action="${BASE}${action}">${Object.entries(fields).map(([n, v]) =>
	`<input name="${n}" value="${v}">`).join("")}<button>go</button></form>`;

async function refusesForm(page, host, action, fields) {
	await elsewhere(attack(action, fields), async () => {
		await page.goto(`http://${host}:${PORT}/`);
		const [answer] = await Promise.all([
			page.waitForResponse(BASE + action),
			page.click("button"),
		]);
		assert.equal(answer.status(), 403);
		assert.equal(answer.headers()["set-cookie"], undefined);
		await page.waitForSelector(".refused");
	});
}

/* ------------------------------------------------------------- the cases */

const CASES = {
	"every page": () => eachPage({ locale: "en-GB" }, "en", true),

	/* As it then stands there; axe itself is one. */
	"every page without its script": () =>
		eachPage({ locale: "fr-FR" }, "fr", false),

	async "an account without script"() {
		const email = newAddress();
		await visit({ javaScriptEnabled: false }, async (page) => {
			await open(page, "/");
			await page.click("main a[href='/register']");
			await fill(page, { email, password: PASSWORD });
			await submit(page);
			assert.equal(where(page), "/login?done=user_created");
			await fill(page, { email, password: PASSWORD });
			await submit(page);
			assert.equal(where(page), "/account");
			assert.ok((await page.textContent("main"))
				.includes(email));
			await page.click("main a[href$='/password']");
			await fill(page, { current_password: PASSWORD,
				new_password: PASSWORD + " more" });
			await submit(page);
			assert.equal(where(page),
				"/account?done=password_changed");
			await page.click("main a[href$='/export']");
			const [download] = await Promise.all([
				page.waitForEvent("download"),
				submit(page),
			]);
			const held = JSON.parse(fs.readFileSync(
				await download.path(), "utf8"));
			assert.equal(held.email, email);
			assert.equal(download.suggestedFilename(),
				"account.json");
			await page.click("header button");
			assert.equal(where(page), "/?done=logged_out");
			await open(page, "/account/delete");
			assert.equal(where(page),
				"/login?rd=/account/delete");
			await fill(page, { email,
				password: PASSWORD + " more" });
			await submit(page);
			await page.waitForURL(`${BASE}/account/delete`);
			await fill(page, { password: PASSWORD + " more" });
			await submit(page);
			assert.equal(where(page), "/?done=account_deleted");
		});
	},

	async "a forgotten password without script"() {
		const email = await newAccount();
		await visit({ javaScriptEnabled: false }, async (page) => {
			await open(page, "/login");
			await page.click("main a[href='/reset']");
			await fill(page, { email });
			await submit(page);
			await fill(page, { new_password: "another one" });
			await submit(page);
			assert.equal(where(page),
				"/login?done=password_updated");
			await fill(page, { email, password: "another one" });
			await submit(page);
			assert.equal(where(page), "/account");
		});
	},

	async "sessions are ended"() {
		const email = await newAccount();
		await visit({}, (other) => visit({}, async (page) => {
			await logIn(other, email);
			await logIn(page, email);
			await page.click("form[action$='/others'] button");
			assert.equal(where(page),
				"/account?done=session_ended");
			await other.reload();
			assert.equal(where(other),
				"/login?done=no_session&rd=/account");
		}));
	},

	async "the keyboard alone"() {
		const email = await newAccount();
		await visit({}, async (page) => {
			const focused = () => page.evaluate(() =>
				document.activeElement.id ||
				document.activeElement.className);
			const order = [];
			await open(page, "/login");
			for (let i = 0; i < 5; i++) {
				await page.keyboard.press("Tab");
				order.push(await focused());
			}
			assert.deepEqual(order, ["skip", "site", "email",
				"password", "show"]);
			await page.focus("#email");
			await page.keyboard.type(email);
			await page.keyboard.press("Tab");
			await page.keyboard.type("wrong");
			await page.keyboard.press("Enter");
			await page.waitForSelector(".refused");
			assert.equal(await focused(), "refused");
			assert.match(await page.title(), /^Error: /);
			assert.equal(await page.inputValue("#email"), email);
			assert.equal(await page.inputValue("#password"), "");
			await page.focus("#password");
			await page.keyboard.type(PASSWORD);
			await page.keyboard.press("Enter");
			await page.waitForURL("**/account");
			await page.keyboard.press("Tab");
			await page.keyboard.press("Enter");
			assert.equal(await focused(), "main");
		});
	},

	async "a password can be looked at, and is hidden when it is sent"() {
		await visit({}, async (page) => {
			const type = () => page.getAttribute("#password",
				"type");
			await open(page, "/login");
			assert.equal(await type(), "password");
			await page.click("text=Show");
			assert.equal(await type(), "text");
			assert.equal(await page.getAttribute(".show",
				"aria-pressed"), "true");
			await page.click("text=Hide");
			assert.equal(await type(), "password");
			await page.click("text=Show");
			await page.evaluate(() => document.querySelector(
				"main form").addEventListener("submit",
				(event) => event.preventDefault()));
			await fill(page, { email: "x@example.org",
				password: "x" });
			await submit(page);
			assert.equal(await type(), "password");
		});
	},

	async "another site's form cannot log in"() {
		const email = await newAccount();
		for (const host of ["localhost", "127.0.0.1"])
			await visit({}, async (page, context) => {
				await refusesForm(page, host, "/login",
					{ email, password: PASSWORD });
				assert.deepEqual(await context.cookies(), []);
			});
	},

	async "another site's form cannot log out"() {
		const email = await newAccount();
		for (const host of ["localhost", "127.0.0.1"])
			await visit({}, async (page) => {
				await logIn(page, email);
				await refusesForm(page, host, "/logout", {});
				await open(page, "/account");
				assert.equal(where(page), "/account");
			});
	},

	async "another site cannot show a page in a frame"() {
		const context = await newContext();
		const page = await context.newPage();
		await elsewhere(`<iframe src="${BASE}/login"></iframe>`,
			async () => {
				await page.goto(`http://localhost:${PORT}/`);
				await page.waitForLoadState("networkidle");
				const [, frame] = page.frames();
				assert.equal(await frame.evaluate(() =>
					document.querySelector("form")), null);
			});
		await context.close();
	},

	async "a link from another site finds the session"() {
		const email = await newAccount();
		await visit({}, async (page) => {
			await logIn(page, email);
			await elsewhere(`<a href="${BASE}/account">x</a>`,
				async () => {
					await page.goto("http://127.0.0.1:" +
						`${PORT}/`);
					await page.click("a");
					await page.waitForURL("**/account");
					assert.equal(await heading(page),
						"Your account");
				});
		});
	},

	async "a login goes on to an origin that is listed, and to no other"() {
		const email = await newAccount();
		const to = `http://localhost:${PORT}/there?x=y`;
		await elsewhere("arrived", () => visit({}, async (page) => {
			await logIn(page, email, "/login?rd=" +
				encodeURIComponent(to));
			await page.waitForURL(to);
			await logIn(page, email, "/login?rd=" +
				encodeURIComponent("http://127.0.0.1:" +
				`${PORT}/`));
			assert.equal(where(page), "/account");
		}));
	},

	/* Browsers may ask form-action of wherever a form's answer leads. */
	async "a login goes on to what leads to another origin"() {
		const email = await newAccount();
		await elsewhere("arrived", () => visit({}, async (page) => {
			await logIn(page, email, `/login${TO_MOVED}`);
			await page.waitForURL(AWAY);
			await page.goBack();
			assert.equal(where(page), `/login${TO_MOVED}`);
			assert.equal(await heading(page), "Log in");
			await page.click("text=Continue");
			await page.waitForURL(AWAY);
			await open(page, `/account/confirm${TO_MOVED}`);
			await fill(page, { password: PASSWORD });
			await submit(page);
			await page.waitForURL(AWAY);
		}));
	},

	async "a logout goes on to what leads to another origin"() {
		const email = await newAccount();
		await elsewhere("arrived", () => visit({}, async (page) => {
			await logIn(page, email);
			await open(page, `/logout${TO_MOVED}`);
			await submit(page);
			await page.waitForURL(AWAY);
			await page.goBack();
			assert.equal(where(page), `/logout${TO_MOVED}`);
			await open(page, "/account");
			assert.equal(where(page), "/login?rd=/account");
		}));
	},

	/* As the person may have set it, not as a test would play it. */
	async "a browser that keeps no cookies is told so"() {
		const email = await newAccount();
		const dir = fs.mkdtempSync(path.join(os.tmpdir(), "chromium-"));
		fs.mkdirSync(path.join(dir, "Default"));
		fs.writeFileSync(path.join(dir, "Default/Preferences"),
			JSON.stringify({ profile: {
				default_content_setting_values: { cookies: 2 },
			} }));
		const context = await chromium.launchPersistentContext(dir,
			OPTIONS);
		try {
			const page = await context.newPage();
			await logIn(page, email, "/login?rd=/account");
			assert.equal(where(page), "/login/done?rd=/account");
			assert.equal(await heading(page), "Not logged in");
		} finally {
			await context.close();
			fs.rmSync(dir, { recursive: true });
		}
	},
};

run(CASES);
