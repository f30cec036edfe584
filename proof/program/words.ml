(* What the program says: the words of the independent checker, for the reasons of the proved one. *)

let listed path =
  if path = [] then "no rows: it is zero"
  else "the rows " ^ String.concat ", " (List.rev_map Z.to_string path)

(* Where a check is: about which rows and domain, and how many entries and tokens have been taken. *)
type place = {
  name : string; (* refuter or circuit *)
  m : int;
  n : int;
  functions : int; (* that an explicit entry may name *)
  domain : string;
  first_in : (Z.t, int) Hashtbl.t; (* the refuter of a packing that names a row *)
  mutable entries : int;
  mutable tokens : int;
}

let show z = Json.show (Json.Number z)

let of_reason at (why : Checker.reason) =
  let entry format = Printf.ksprintf (fun text -> Printf.sprintf "%s %d: %s" at.name (at.entries - 1) text) format in
  let token format = Printf.ksprintf (fun text -> Printf.sprintf "tree token %d: %s" (at.tokens - 1) text) format in
  match why with
  | WrongShape -> "layer: its numbers do not fit together"
  | WrongDomain -> "domain: it has no interior points"
  | TooFewRows -> Printf.sprintf "tree: %d rows do not span R^%d, so no tree proves the claim" at.m at.n
  | NoSuchRow -> entry "names a row outside 0 to %d" (at.functions - 1)
  | NamedTwice -> entry "names a row twice"
  | NoRowOfLayer -> entry "names halfspaces of the domain only, no row of the layer"
  | WrongMultiplier -> entry "has a multiplier with the wrong sign"
  | NegativeHalfspace -> entry "a halfspace of the domain has a negative multiplier"
  | ZeroCircuit -> entry "no multiplier is positive and the sum of lambda_i g_i is zero"
  | NotNonnegative -> entry "the sum of lambda_i g_i is not nonnegative on %s" at.domain
  | TreeEnds -> Printf.sprintf "tree: ends after %d tokens, before it is complete" at.tokens
  | TreeGoesOn -> Printf.sprintf "tree: complete after %d tokens, but the list goes on" (at.tokens - 1)
  | NoSuchEntry t -> token "there is no %s %s" at.name (show t)
  | RowInSpan (i, path) -> token "row %s lies in the span of %s" (show i) (listed path)
  | NotExcluded k -> token "row %s is not excluded" (show k)
  | NotInSpan (k, path) -> token "row %s does not lie in the span of %s" (show k) (listed path)
  | NotNonnegativeRow i -> token "row %s is not known to be nonnegative" (show i)
  | NonnegativeRow i -> token "row %s is known to be nonnegative" (show i)
  | HasSign i -> token "row %s is not a row without a sign" (show i)
  | RowUsed i ->
      let other = Option.value (Hashtbl.find_opt at.first_in i) ~default:0 in
      entry "names row %s, which refuter %d has" (show i) other
  | NotOfWindow i -> entry "names row %s, which is not one of a window" (show i)
  | StartsApart -> "the windows of the refuters start at different places along more than one axis"
  | TooFewOwn (count, expected) -> Printf.sprintf "only %s refuters have inputs of their own, expected %s" (show count) (show expected)
  | NoCenteredBall -> "depth-tree: the domain is not a ball with center 0, a nonnegative ball or a sphere"
  | RowsEnd count -> Printf.sprintf "depth-tree: the list ends after %s of %d rows" (show count) at.m
  | RowsGoOn -> Printf.sprintf "depth-tree: the list goes on after all %d rows" at.m
  | WrongLevel -> "the sign and the square are not those of a value"
  | PointMissing -> "the point is null exactly if the square is"
  | PointNegative -> "the point is not nonnegative"
  | PointZero -> "the point is 0"
  | PointAbove count -> Printf.sprintf "%s rows are above it at the point, more than %d" (show count) (at.n - 1)
  | PointValue -> "the point does not have the stated value"
  | NamesItself i -> entry "names row %s itself" (show i)
  | TooLong -> entry "the combination of rows is too long"
  | HasLine -> entry "the cone contains a line"
  | RayBelow i -> entry "the cone has a ray on which row %s is smaller than stated" (show i)
  | KnownAbove i -> token "row %s is known to be above" (show i)
  | TooFewRefuters -> Printf.sprintf "there are %d refuters, expected n = %d or more" at.entries at.n
  | TooFewBear count -> Printf.sprintf "%s refuters bear the change epsilon, expected n = %d or more" (show count) at.n
  | ZeroRows -> entry "no multiplier is positive and all rows are zero"
  | PairRow -> "the pairs name a row twice, or one that is not there"
  | NoOpposites (i, j) -> Printf.sprintf "pairs: the rows %s and %s are no opposites of each other" (show i) (show j)
  | BothInactive (i, j) -> Printf.sprintf "pairs: the rows %s and %s are both inactive somewhere" (show i) (show j)
  | NotReached -> token "the matrix of the rows that are known to be active does not reach the bound"
  | NonzeroOutside i -> Printf.sprintf "row %s is not zero outside the columns" (show i)
  | NoSuchBlockRow -> "rows: names one that does not exist"
  | ColumnMissing j -> Printf.sprintf "blocks: no block has column %s" (show j)
  | PolytopeBlocks -> "blocks: the domain is a polytope"
  | PointsEqual -> "collision: x and y are equal"
  | PointOutside second -> Printf.sprintf "collision: %s does not lie in the domain %s" (if second then "y" else "x") at.domain
  | OutputsDiffer i -> Printf.sprintf "collision: row %s has different outputs at x and at y" (show i)
