"""Scripts for those who work on Easel; the program itself needs none of them."""
