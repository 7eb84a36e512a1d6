fish
