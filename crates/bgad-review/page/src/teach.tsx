// Teaching: the choice of images, the progress, and the result.

import { useState } from "preact/hooks";
import type { Desk } from "./desk";
import { Dialog } from "./dialog";
import type { Image, Lesson } from "./engine";
import { number, percent, short } from "./words";

export function Teach({ desk, onClose }: { desk: Desk; version: number; onClose: () => void }) {
  const state = desk.state;
  if (!state) return null;
  const lesson = state.lessons.at(-1);
  if (state.learning) return <Running desk={desk} onClose={onClose} />;
  return <Choose desk={desk} onClose={onClose} {...(lesson ? { last: lesson } : {})} />;
}

/** What the learning program calls its steps, in plain words. */
const DOING: Record<string, string> = {
  features: "reading the images",
  scoring: "scoring all images",
  comparing: "comparing with the current model",
  writing: "writing the new model",
};

function Running({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const learning = desk.state?.learning;
  if (!learning) return null;
  const done = Math.round(learning.progress * 100);
  return (
    <Dialog title="Teaching the model" onClose={onClose}>
      <p>
        {learning.stopping ? "stopping" : (DOING[learning.doing] ?? learning.doing)} · {Math.round(learning.seconds)} s
      </p>
      <div class="progress" role="progressbar" aria-valuenow={done} aria-valuemin={0} aria-valuemax={100} aria-label="Teaching">
        <div style={{ width: `${done}%` }} />
      </div>
      <p class="quiet">You can continue to decide meanwhile. The current model does not change.</p>
      <footer>
        <button type="button" disabled={learning.stopping} onClick={() => desk.engine.stopLearning().catch((error: unknown) => desk.fail(error))}>Stop</button>
        <button type="button" class="primary" onClick={onClose}>Continue in the background</button>
      </footer>
    </Dialog>
  );
}

function Choose({ desk, last, onClose }: { desk: Desk; last?: Lesson; onClose: () => void }) {
  const choice = desk.lesson();
  const [left, setLeft] = useState(new Set<string>());
  const [alsoFound, setAlsoFound] = useState(false);
  const state = desk.state;
  const missed = [...choice.missed, ...(alsoFound ? choice.found : [])].filter((image) => !left.has(image.id));
  const alarms = choice.alarms.filter((image) => !left.has(image.id));
  const count = missed.length + alarms.length;
  const start = async () => {
    try {
      await desk.engine.learn(missed.map((image) => image.id), alarms.map((image) => image.id));
    } catch (error) {
      desk.fail(error);
    }
  };
  const toggle = (id: string) => {
    const next = new Set(left);
    if (!next.delete(id)) next.add(id);
    setLeft(next);
  };
  const row = (image: Image, says: string) => (
    <li key={image.id}>
      <label>
        <input type="checkbox" checked={!left.has(image.id)} onChange={() => toggle(image.id)} />
        <img src={desk.engine.thumbnail(image)} alt="" loading="lazy" />
        <span class="lesson-name">
          <span class="quiet">{image.group}/</span>
          {image.name}
        </span>
        <span class="quiet">{says}</span>
      </label>
    </li>
  );
  const where = (image: Image) => (image.decision?.mask ? "painted" : "whole image");
  return (
    <Dialog title="Teach the model" wide onClose={onClose}>
      {last && <Outcome desk={desk} lesson={last} />}
      {state?.failure && <p class="warning">{state.failure}</p>}
      {state?.obstacle && <p class="warning">{state.obstacle}</p>}
      {choice.missed.length + choice.alarms.length + choice.found.length === 0 ? (
        <p>
          {last ? "Nothing new to teach yet. " : "Nothing to teach yet. "}
          Mark a defect that the model calls good, or a good part that it calls a defect; it appears here.
        </p>
      ) : (
        <>
          {choice.missed.length > 0 && (
            <>
              <h3>{state?.threshold === null ? "Defects" : "Missed defects"}</h3>
              <ul class="lesson">{choice.missed.map((image) => row(image, where(image)))}</ul>
            </>
          )}
          {choice.alarms.length > 0 && (
            <>
              <h3>{state?.threshold === null ? "Good images" : "False alarms"}</h3>
              <ul class="lesson">{choice.alarms.map((image) => row(image, "becomes a good example"))}</ul>
            </>
          )}
          {choice.found.length > 0 && (
            <label class="check">
              <input type="checkbox" checked={alsoFound} onChange={() => setAlsoFound(!alsoFound)} /> Also {choice.found.length} marked {choice.found.length === 1 ? "defect" : "defects"} that the model already finds
            </label>
          )}
          {alsoFound && <ul class="lesson">{choice.found.map((image) => row(image, where(image)))}</ul>}
        </>
      )}
      <footer>
        <span class="quiet spring">The current model does not change; the taught one gets its own folder beside it.</span>
        <button type="button" class="primary" autofocus disabled={count === 0 || Boolean(state?.obstacle)} onClick={() => void start()}>
          {count === 0 ? "Teach" : `Teach ${count} ${count === 1 ? "image" : "images"}`}
        </button>
      </footer>
    </Dialog>
  );
}

const says = (abnormal: boolean | null) => (abnormal === null ? "no threshold" : abnormal ? "▲ defect" : "○ good");

function Outcome({ desk, lesson }: { desk: Desk; lesson: Lesson }) {
  const { learned } = lesson;
  const rate = (value: number | null) => (value === null ? "none" : `about ${percent(value)}`);
  const better = learned.taught.filter((t) => t.abnormal.after === (t.kind === "missed")).length;
  const closer = learned.taught.filter((t) => {
    const rises = t.kind === "missed";
    return t.abnormal.after !== rises && (rises ? t.score.after > t.score.before : t.score.after < t.score.before);
  }).length;
  const right = learned.flipped.filter((f) => f.abnormal.after === (f.label === "abnormal")).length;
  const picture = (id: string | null | undefined) => {
    const image = id ? desk.images.get(id) : undefined;
    return image ? <img src={desk.engine.thumbnail(image)} alt="" loading="lazy" /> : <span class="no-picture" />;
  };
  const ofFlipped = (index: number) => {
    if (lesson.flipped_ids[index]) return picture(lesson.flipped_ids[index]);
    const address = desk.engine.flippedThumbnail(desk.state?.lessons.indexOf(lesson) ?? 0, index);
    return <img src={address} alt="" loading="lazy" />;
  };
  const name = (path: string) => path.split(/[/\\]/).slice(-2).join("/");
  const back = async () => {
    const earlier = desk.state?.models.find((model) => model.path === lesson.from) ?? desk.state?.models[0];
    if (!earlier) return;
    try {
      await desk.engine.choose(earlier.path);
      desk.say(`Back to ${earlier.name}. The taught model stays in the list of models.`);
    } catch (error) {
      desk.fail(error);
    }
  };
  const isCurrent = desk.state?.models.some((model) => model.current && model.path === learned.run);
  return (
    <section class="outcome" aria-label="What has changed">
      <p>
        <b>
          {better} of {learned.taught.length} taught {learned.taught.length === 1 ? "image is" : "images are"} now decided correctly.
        </b>{" "}
        {closer > 0 && `${closer} more ${closer === 1 ? "score" : "scores"} moved in the right direction: teach more images like these, and paint their defects. `}
        {learned.threshold.before === null && learned.threshold.after !== null && "The model now has a threshold of its own. "}
        {learned.flipped.length === 0
          ? "No other image of the run is decided differently now. "
          : `Of the run's ${learned.images} images, ${learned.flipped.length} ${learned.flipped.length === 1 ? "is" : "are"} decided differently now, ${right} correctly. `}
        It took {Math.round(learned.seconds)} s.
      </p>
      <table class="changes">
        <thead>
          <tr>
            <th class="picture" />
            <th>Image</th>
            <th class="n">Score before</th>
            <th class="n">Score after</th>
            <th class="earlier">Decision before</th>
            <th>Decision after</th>
          </tr>
        </thead>
        <tbody>
          {learned.taught.map((taught, index) => (
            <tr key={taught.image}>
              <td class="picture">{picture(lesson.taught_ids[index])}</td>
              <td>
                {name(taught.image)} <span class="quiet">{taught.kind === "missed" ? "taught as defect" : "taught as good"}</span>
              </td>
              <td class="n">{number(taught.score.before)}</td>
              <td class="n">{number(taught.score.after)}</td>
              <td class="earlier">{says(taught.abnormal.before)}</td>
              <td class={taught.abnormal.after === (taught.kind === "missed") ? "right" : "wrong"}>{says(taught.abnormal.after)}</td>
            </tr>
          ))}
          {learned.flipped.map((flipped, index) => (
            <tr key={flipped.image}>
              <td class="picture">{ofFlipped(index)}</td>
              <td>
                {name(flipped.image)} <span class="quiet">{flipped.label === "abnormal" ? "a defect of the run" : "a good image of the run"}</span>
              </td>
              <td class="n">{flipped.score ? number(flipped.score.before) : "–"}</td>
              <td class="n">{flipped.score ? number(flipped.score.after) : "–"}</td>
              <td class="earlier">{says(flipped.abnormal.before)}</td>
              <td class={flipped.abnormal.after === (flipped.label === "abnormal") ? "right" : "now-wrong"}>{says(flipped.abnormal.after)}</td>
            </tr>
          ))}
          <tr class="foot">
            <td class="picture" />
            <td>Threshold</td>
            <td class="n">{number(learned.threshold.before)}</td>
            <td class="n">{number(learned.threshold.after)}</td>
            <td colSpan={2} />
          </tr>
        </tbody>
      </table>
      <p class="quiet">
        The taught model is <b>{short(learned.run)}</b>. {short(lesson.from)} has not changed. False alarms promised: {rate(learned.promised_rate.before)}, now {rate(learned.promised_rate.after)}.{" "}
        {isCurrent && (
          <button type="button" class="small" onClick={() => void back()}>
            Back to the earlier model
          </button>
        )}
      </p>
    </section>
  );
}
