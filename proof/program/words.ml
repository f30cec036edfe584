(* What the program says: the words of the independent checker, for the reasons of the proved one. *)

let listed path =
  if path = [] then "no rows: it is zero"
  else "the rows " ^ String.concat ", " (List.rev_map Z.to_string path)

(* Where a check is: how many entries and tokens have been taken. *)
type progress = { name : string; mutable entries : int; mutable tokens : int }

let show z = Json.show (Json.Number z)

let of_reason progress ~m ~n ~functions ~domain (why : Checker.reason) =
  let entry format = Printf.ksprintf (fun text -> Printf.sprintf "%s %d: %s" progress.name (progress.entries - 1) text) format in
  let token format = Printf.ksprintf (fun text -> Printf.sprintf "tree token %d: %s" (progress.tokens - 1) text) format in
  match why with
  | WrongShape -> "layer: its numbers do not fit together"
  | WrongDomain -> "domain: it has no interior points"
  | TooFewRows -> Printf.sprintf "tree: %d rows do not span R^%d, so no tree proves the claim" m n
  | NoSuchRow -> entry "names a row outside 0 to %d" (functions - 1)
  | NamedTwice -> entry "names a row twice"
  | NoRowOfLayer -> entry "names halfspaces of the domain only, no row of the layer"
  | WrongMultiplier -> entry "has a multiplier with the wrong sign"
  | NegativeHalfspace -> entry "a halfspace of the domain has a negative multiplier"
  | ZeroCircuit -> entry "no multiplier is positive and the sum of lambda_i g_i is zero"
  | NotNonnegative -> entry "the sum of lambda_i g_i is not nonnegative on %s" domain
  | TreeEnds -> Printf.sprintf "tree: ends after %d tokens, before it is complete" progress.tokens
  | TreeGoesOn -> Printf.sprintf "tree: complete after %d tokens, but the list goes on" (progress.tokens - 1)
  | NoSuchEntry t -> token "there is no %s %s" progress.name (show t)
  | RowInSpan (i, path) -> token "row %s lies in the span of %s" (show i) (listed path)
  | NotExcluded k -> token "row %s is not excluded" (show k)
  | NotInSpan (k, path) -> token "row %s does not lie in the span of %s" (show k) (listed path)
  | NotNonnegativeRow i -> token "row %s is not known to be nonnegative" (show i)
  | NonnegativeRow i -> token "row %s is known to be nonnegative" (show i)
  | HasSign i -> token "row %s is not a row without a sign" (show i)
  | PointsEqual -> "collision: x and y are equal"
  | PointOutside second -> Printf.sprintf "collision: %s does not lie in the domain %s" (if second then "y" else "x") domain
  | OutputsDiffer i -> Printf.sprintf "collision: row %s has different outputs at x and at y" (show i)
