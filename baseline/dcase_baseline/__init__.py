"""The reference baseline of DCASE task 4, 2022 and 2023, as a participant would read it.

Read in this order: `recipe` (every number), `features`, `crnn` (with `dropout`), `mean_teacher` (one step), `train`
(the loop). Around them: `soundscapes` and `event_sounds` (the embedded audio), `data` and `batches`, `evaluate`,
`checkpoint`, `measured` and `probe` (for measuring), `runtime` (before the process starts), `macs` (complexity, for any
model).

The source of every fact is DCASE-REPO/DESED_task, the recipes of 2022 and 2023; the code is our own. Importing this
package, `recipe`, `soundscapes` or `runtime` does not load torch.
"""
