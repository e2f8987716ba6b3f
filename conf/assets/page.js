"use strict";
/* Comforts only: every page does all it does without this. */

/* A button that shows a password, and hides it again before it is sent. */
function addShowButton(input) {
	const button = document.createElement("button");
	const set = (shown) => {
		input.type = shown ? "text" : "password";
		button.textContent = shown ? input.dataset.hide :
			input.dataset.show;
		button.setAttribute("aria-pressed", String(shown));
	};
	button.type = "button";
	button.className = "show";
	button.setAttribute("aria-controls", input.id);
	button.addEventListener("click", () => {
		set(input.type === "password");
		input.focus();
	});
	input.form.addEventListener("submit", () => set(false));
	input.after(button);
	set(false);
}

/* How many characters of a new password are still missing. */
function addCounter(input) {
	const least = Number(input.dataset.least);
	const line = document.createElement("p");
	const bar = document.createElement("progress");
	line.className = "count";
	line.setAttribute("role", "status");
	bar.max = least;
	bar.value = 0;
	bar.setAttribute("aria-hidden", "true");
	input.parentElement.after(bar, line);
	input.addEventListener("input", () => {
		const length = Array.from(input.value.normalize("NFC")).length;
		bar.value = Math.min(length, least);
		line.textContent = length === 0 ? "" : length >= least ?
			input.dataset.enough : input.dataset.count
				.replace("%n", length).replace("%m", least);
	});
}

/* The reader's own clock, in their own language. */
function tellTime(time) {
	const date = new Date(time.dateTime);
	if (!Number.isNaN(date.getTime())) {
		time.title = time.textContent;
		time.textContent = date.toLocaleString(
			document.documentElement.lang,
			{ dateStyle: "medium", timeStyle: "short" });
	}
}

document.querySelectorAll("input[data-show]").forEach(addShowButton);
document.querySelectorAll("input[data-least]").forEach(addCounter);
document.querySelectorAll("time[datetime]").forEach(tellTime);
