"""The study: the runs of a grid on any hardware, and the tables and figures of ICASSP 2023 made from them."""
