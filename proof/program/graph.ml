(* Certificates about networks as graphs: inputs, steps and outputs, and the rule graph-composition. *)

open Faults
open Json

let longest_name = 1000
let most_affine_steps = 200 (* one after the other *)
let most_number = Z.shift_left Z.one 62

(* A fault in a part says where it is. *)
let within place action =
  try action () with
  | Unreadable text -> unreadable "%s: %s" place text
  | Rejected text -> rejected "%s: %s" place text

(* A list of integers from `least` to `most`, not empty. *)
let whole_numbers place least most = function
  | List (_ :: _ as l) when List.for_all (function Number z -> Z.leq least z && Z.leq z most | _ -> false) l ->
      List.map (function Number z -> z | _ -> Z.zero) l
  | found -> unreadable "%s: expected a list of integers from %s to %s, not empty, found %s" place (Z.to_string least) (Z.to_string most) (show found)

(* ------------------------------------------------------------------ the digest *)

(* A text as JSON writes it. *)
let quoted text =
  let out = Buffer.create (String.length text + 2) in
  String.iter
    (function
      | '"' -> Buffer.add_string out "\\\""
      | '\\' -> Buffer.add_string out "\\\\"
      | '\n' -> Buffer.add_string out "\\n"
      | '\r' -> Buffer.add_string out "\\r"
      | '\t' -> Buffer.add_string out "\\t"
      | '\b' -> Buffer.add_string out "\\b"
      | '\012' -> Buffer.add_string out "\\f"
      | c when c < ' ' || c > '~' -> Buffer.add_string out (Printf.sprintf "\\u%04x" (Char.code c))
      | c -> Buffer.add_char out c)
    text;
  "\"" ^ Buffer.contents out ^ "\""

(* A value without white space. *)
let rec add_value digest = function
  | Null -> Sha256.add digest "null"
  | Bool b -> Sha256.add digest (string_of_bool b)
  | Number z -> Sha256.add digest (Z.to_string z)
  | Float f -> Sha256.add digest (string_of_float f)
  | Text t -> Sha256.add digest (quoted t)
  | List l ->
      Sha256.add digest "[";
      List.iteri (fun k v -> if k > 0 then Sha256.add digest ","; add_value digest v) l;
      Sha256.add digest "]"
  | Object members ->
      Sha256.add digest "{";
      List.iteri
        (fun k (name, v) ->
          Sha256.add digest (if k > 0 then "," else "");
          Sha256.add digest (quoted name ^ ":");
          add_value digest v)
        members;
      Sha256.add digest "}"

(* ------------------------------------------------------------------ steps *)

(* What is known while steps are read: the digest so far, and the numbers of entries and of affine steps behind one another
   of the values before. *)
type state = { r : reader; digest : Sha256.t; mutable sizes : int array; mutable depths : int array; mutable count : int }

let remember s size depth =
  if s.count = Array.length s.sizes then begin
    s.sizes <- Array.append s.sizes (Array.make (s.count + 16) 0);
    s.depths <- Array.append s.depths (Array.make (s.count + 16) 0)
  end;
  s.sizes.(s.count) <- size;
  s.depths.(s.count) <- depth;
  s.count <- s.count + 1

(* The value of a key, which the digest sees. *)
let seen s name =
  ignore (key s.r "," [ name ]);
  let found = value s.r in
  Sha256.add s.digest (",\"" ^ name ^ "\":");
  add_value s.digest found;
  found

let integers s name least most = whole_numbers name least (Z.of_int most) (seen s name)

let windows s name most =
  match seen s name with
  | List (_ :: _ as l) -> List.map (whole_numbers name Z.minus_one (Z.of_int most)) l
  | found -> malformed s.r "%s: expected lists of integers, found %s" name (show found)

let rationals s name count =
  match Numbers.rationals name count (seen s name) with
  | [] -> malformed s.r "%s: expected at least one rational, found none" name
  | found -> found

let perhaps_rational s name = match seen s name with Null -> None | found -> Some (Numbers.rational name found)

let each s size =
  match seen s "each" with
  | Number z when Z.sign z > 0 && Z.leq z (Z.of_int size) -> z
  | found -> unreadable "each: expected an integer from 1 to %d, found %s" size (show found)

let name s =
  match seen s "name" with
  | Text t when String.length t <= longest_name && String.for_all (fun c -> c < '\x80') t -> t
  | found -> malformed s.r "\"name\": expected a short ASCII string, found %s" (show found)

let parameters s =
  match seen s "sha256" with
  | Null -> ()
  | Text t when Certificate.is_hex t -> ()
  | found -> malformed s.r "\"sha256\": expected null or 64 lower-case hex digits, found %s" (show found)

(* The names of functions of which it is known where their values lie. *)
let named : (string * Checker.function_name) list =
  [ ("sigmoid", Sigmoid); ("tanh", Tanh); ("softplus", Softplus); ("exp", Exp); ("sqrt", Sqrt); ("elu", Elu) ]

let dense s size : Checker.operation =
  ignore (key s.r "," [ "layer" ]);
  let rows, n, sum = Certificate.read_layer_and_digest s.r None None in
  Sha256.add s.digest (Printf.sprintf ",\"layer\":\"%s\"" sum);
  if size mod n <> 0 then malformed s.r "layer: %d columns do not divide the %d entries that are read" n size;
  DenseStep (rows, Z.of_int n)

let convolution s size : Checker.operation =
  ignore (key s.r "," [ "layer" ]);
  let layer, sum = Convolution.read_layer_and_digest s.r None None in
  let at = Convolution.read_size s.r layer in
  Sha256.add s.digest (Printf.sprintf ",\"layer\":\"%s\",\"size\":%s" sum (Convolution.integer_list at));
  let n = Convolution.product (Z.of_int layer.in_channels :: at) in
  if not (Z.equal n (Z.of_int size)) then
    malformed s.r "layer: the convolution reads %s entries, not %d" (Words.show n) size;
  ConvolutionStep (Kernel_file.checked layer, at)

let scale s size : Checker.operation =
  let each = each s size in
  let scale = rationals s "scale" None in
  let shift = rationals s "shift" (Some (List.length scale)) in
  ScaleStep (each, scale, shift)

let sum s read : Checker.operation =
  let signs =
    match seen s "signs" with
    | List l when List.for_all (function Number z -> Z.equal (Z.abs z) Z.one | _ -> false) l ->
        List.map (function Number z -> z | _ -> Z.zero) l
    | found -> malformed s.r "signs: expected a list of 1 and -1, found %s" (show found) in
  let size = s.sizes.(List.hd read) in
  if List.compare_lengths signs read <> 0 || List.exists (fun v -> s.sizes.(v) <> size) read then
    malformed s.r "signs: expected one for each of some values with equally many entries";
  SumStep signs

let mean s size : Checker.operation =
  let places = windows s "places" (size - 1) in
  let counts = whole_numbers "counts" Z.one most_number (seen s "counts") in
  if List.compare_lengths counts places <> 0 then malformed s.r "counts: expected one for each list of places";
  MeanStep (List.combine places counts)

let move s size : Checker.operation =
  let places = integers s "places" Z.minus_one (size - 1) in
  MoveStep (places, Numbers.rational "fill" (seen s "fill"))

let leaky s size : Checker.operation =
  let each = each s size in
  LeakyStep (each, rationals s "slopes" None)

let clip s : Checker.operation =
  let low = perhaps_rational s "low" in
  ClipStep (low, perhaps_rational s "high")

let maximum s size : Checker.operation =
  let places = windows s "places" (size - 1) in
  if List.exists (List.for_all (fun j -> Z.sign j < 0)) places then malformed s.r "places: expected windows that read an entry";
  MaximumStep places

let one_to_one s : Checker.operation =
  let found = name s in
  parameters s;
  OneToOneStep (Option.value (List.assoc_opt found named) ~default:Checker.AnotherName)

let other s : Checker.operation =
  ignore (name s);
  match seen s "count" with
  | Number z when Z.sign z > 0 && Z.leq z most_number ->
      Convolution.require_room z "the entries of a value";
      parameters s;
      OtherStep z
  | found -> unreadable "count: expected a positive integer, found %s" (show found)

let kinds =
  [ "dense"; "convolution"; "scale"; "sum"; "mean"; "move"; "join"; "constant"; "leaky"; "clip"; "square"; "maximum"; "one-to-one"; "other" ]

let read_step s : Checker.step =
  let kind = one_of s.r "{" "step" kinds in
  Sha256.add s.digest (Printf.sprintf "{\"step\":%s" (quoted kind));
  let below = Z.of_int s.count in
  let read =
    match seen s "reads" with
    | List l when List.for_all (function Number z -> Z.sign z >= 0 && Z.lt z below | _ -> false) l ->
        List.map (function Number z -> Z.to_int z | _ -> 0) l
    | found -> malformed s.r "reads: expected a list of numbers of earlier values, found %s" (show found) in
  let right =
    match kind with "constant" -> read = [] | "sum" | "join" -> read <> [] | "other" -> true | _ -> List.length read = 1 in
  if not right then malformed s.r "reads: a step %s cannot read %d values" kind (List.length read);
  let size = match read with v :: _ -> s.sizes.(v) | [] -> 0 in
  let operation_of : Checker.operation =
    match kind with
    | "dense" -> dense s size
    | "convolution" -> convolution s size
    | "scale" -> scale s size
    | "sum" -> sum s read
    | "mean" -> mean s size
    | "move" -> move s size
    | "join" -> JoinStep
    | "constant" -> ConstantStep (rationals s "value" None)
    | "leaky" -> leaky s size
    | "clip" -> clip s
    | "square" -> SquareStep
    | "maximum" -> maximum s size
    | "one-to-one" -> one_to_one s
    | _ -> other s in
  ignore (expect s.r "}");
  Sha256.add s.digest "}";
  let own = Checker.size_of_step operation_of (List.map (fun v -> Z.of_int s.sizes.(v)) read) in
  if not (Z.fits_int own) then unreadable "the entries of a value do not fit into memory";
  let before = List.fold_left (fun d v -> max d s.depths.(v)) 0 read in
  remember s (Z.to_int own) (if Checker.is_affine operation_of then before + 1 else 0);
  { operation_of; reads = List.map Z.of_int read }

(* ------------------------------------------------------------------ the graph *)

let read_shapes r =
  ignore (key r "{" [ "inputs" ]);
  match value r with
  | List (_ :: _ as l) -> List.map (whole_numbers "inputs" Z.one most_number) l
  | found -> malformed r "inputs: expected shapes, found %s" (show found)

(* The graph, its digest, and whether its affine steps are too many. *)
let read_graph r dimension =
  let shapes = read_shapes r in
  let counts = List.map Convolution.product shapes in
  let total = List.fold_left Z.add Z.zero counts in
  Convolution.require_room total "the entries of the inputs";
  Certificate.require_dimension r dimension (Z.to_int total);
  let stated = Certificate.read_digest r in
  let s = { r; digest = Sha256.start (); sizes = [||]; depths = [||]; count = 0 } in
  List.iter (fun c -> remember s (Z.to_int c) 0) counts;
  Sha256.add s.digest "{\"inputs\":";
  add_value s.digest (List (List.map (fun shape -> List (List.map (fun z -> Number z) shape)) shapes));
  Sha256.add s.digest ",\"steps\":[";
  ignore (key r "," [ "steps" ]);
  ignore (expect r "[");
  let rec steps number before =
    if number > 0 then Sha256.add s.digest ",";
    let step = within (Printf.sprintf "graph.steps %d" number) (fun () -> read_step s) in
    if expect r ",]" = ',' then steps (number + 1) (step :: before) else List.rev (step :: before) in
  let found = if peek r = ']' then (skip r; []) else steps 0 [] in
  ignore (key r "," [ "outputs" ]);
  let outputs = whole_numbers "outputs" Z.zero (Z.of_int (s.count - 1)) (value r) in
  ignore (expect r "}");
  Sha256.add s.digest "],\"outputs\":";
  add_value s.digest (List (List.map (fun z -> Number z) outputs));
  Sha256.add s.digest "}";
  let sum = Sha256.finish s.digest in
  if sum <> stated then rejected "graph: the SHA-256 of the network is %s, not the one stated" sum;
  if Array.exists (fun d -> d > most_affine_steps) s.depths then
    unreadable "graph: more than %d affine steps, one after the other" most_affine_steps;
  (({ graph_inputs = counts; graph_steps = found; graph_outputs = outputs } : Checker.graph), s, sum)

(* The digest of a graph file. *)
let read_file path =
  try
    let channel = try open_in_bin path with Sys_error reason -> unreadable "cannot be opened: %s" reason in
    let r = reader channel in
    let sum =
      if key r "{" [ "graph"; "sha256" ] = "graph" then let _, _, sum = read_graph r None in sum
      else match value r with Text t when Certificate.is_hex t -> t | found -> malformed r "expected 64 hex digits, found %s" (show found) in
    finish r;
    close_in channel;
    sum
  with Unreadable text | Rejected text -> unreadable "network file: %s" text

(* ------------------------------------------------------------------ layers *)

let number r before name count =
  ignore (key r before [ name ]);
  match value r with
  | Number z when Z.sign z >= 0 && Z.lt z (Z.of_int count) -> z
  | found -> malformed r "\"%s\": expected the number of a value, below %d, found %s" name count (show found)

(* Where a fault is: in a layer, and in a block or box of its proof; and what to say about its proof. *)
type place = {
  scene : Certificate.scene;
  mutable layer : int option;
  mutable layers : int;
  mutable cuts : bool; (* whether the domain is cut down to channels *)
  mutable part : string -> string;
  mutable box_words : Checker.fault -> unit;
  mutable block_words : Checker.reason -> string;
}

let inside place text =
  let text = match place.scene.block with Some k -> Printf.sprintf "block %d: %s" k text | None -> text in
  let text = place.part text in
  match place.layer with Some k -> Printf.sprintf "layer %d: %s" k text | None -> text

let inner_rule r allowed =
  let rule = one_of r "{" "rule" (List.map fst Certificate.proves) in
  if not (List.mem rule allowed) then rejected "the rule \"%s\" cannot stand here, only %s" rule (String.concat ", " allowed);
  rule

let modulus r =
  ignore (key r "," [ "modulus" ]);
  match value r with
  | Text t when Numbers.is_natural t 0 (String.length t) && t <> "1" -> Numbers.integer "modulus" t 0 (String.length t)
  | found -> malformed r "\"modulus\": expected a string with an integer above 1, found %s" (show found)

(* The rule at once; the rest when the rows are there. *)
let rows_evidence r place kind domain n : Checker.rows_evidence =
  ignore (expect r ":");
  let rule = inner_rule r [ "flat-tree"; "sign-split"; "blocks"; "rank" ] in
  let with_tree rows read =
    Convolution.require_room (Z.mul (Z.of_int n) (Z.of_int n)) (Printf.sprintf "a tree for %d columns: its vectors" n);
    let at, functions = Certificate.start rule kind domain rows n in
    place.scene.at <- at;
    read at functions in
  match rule with
  | "rank" ->
      let p = modulus r in
      ignore (expect r "}");
      ByRank p
  | "blocks" -> ByBlocksProof (fun rows -> Certificate.read_blocks r place.scene kind domain rows n)
  | "flat-tree" ->
      ByRowsProof
        (fun rows ->
          with_tree rows (fun at functions ->
              let refuters, tree = Certificate.flat_tree r at functions in
              Checker.FlatTreeProof (refuters, tree)))
  | _ ->
      ByRowsProof
        (fun rows ->
          with_tree rows (fun at functions ->
              let circuits, tree = Certificate.sign_split r at functions in
              Checker.SignSplitProof (circuits, tree)))

let boxes_evidence r place kind domain layer minimum : Checker.convolution_evidence =
  ignore (key r "," [ "proof" ]);
  ignore (inner_rule r [ "boxes" ]);
  let evidence, where, words, _ = Convolution.boxes ~packings:false r kind domain layer minimum in
  place.part <- Convolution.within where;
  place.box_words <- words;
  evidence

let read_convolution r place output source columns codes kind domain dimension : Checker.graph_layer =
  ignore (expect r ":");
  let layer, _ = Convolution.read_layer_and_digest r None None in
  (match dimension with
   | Some d when d <> layer.in_channels -> malformed r "domain: expected bounds for each channel of the convolution"
   | _ -> ());
  let minimum, residues, at = Convolution.read_sizes_and_one r layer in
  LayerByConvolution
    { convolution_output = output; convolution_source = source; convolution_columns = columns; convolution_codes = codes;
      convolution_domain = domain; the_convolution = Kernel_file.checked layer; minimum_sizes = minimum; size_residues = residues;
      at_size = at; boxes_evidence = lazy (boxes_evidence r place kind domain layer minimum) }

let block_evidence r place kind (f : Checker.residual_block) n : Checker.block_evidence =
  ignore (key r "," [ "proof" ]);
  let rule = inner_rule r [ "p-matrix"; "orientation" ] in
  let at = Network.nowhere (if rule = "p-matrix" then "block" else "circuit") n (List.length f.hidden) kind and count = ref 0 in
  if rule = "p-matrix" then begin
    place.block_words <-
      (fun why ->
        if why = Checker.TooManyMinors then unreadable "%s" (inside place (Residual.too_many_minors at)) else Residual.minor_words at why);
    Residual.p_matrix r at count
  end
  else begin
    place.block_words <- Residual.cell_words at;
    Residual.orientation r at count
  end

let read_residual r place output source count : Checker.graph_layer * string =
  ignore (expect r ":");
  let hidden =
    match value r with
    | Number z when Z.sign z >= 0 && Z.lt z (Z.of_int count) -> z
    | found -> malformed r "\"hidden\": expected the number of a value, found %s" (show found) in
  let kind, domain, dimension = Certificate.read_domain r "injective" in
  ignore (key r "," [ "residual" ]);
  let block, n = Residual.read_block r None dimension in
  let p = modulus r in
  let f = Residual.checked block in
  ( LayerByResidual
      { residual_output = output; residual_source = source; residual_hidden = hidden; residual_domain = domain; the_block = f;
        residual_modulus = p; residual_evidence = lazy (block_evidence r place kind f n) },
    kind )

(* A layer up to its proof, with the kind of its domain. *)
let read_layer r place count : Checker.graph_layer * string =
  let output = number r "{" "output" count in
  let source = number r "," "source" count in
  ignore (expect r ",");
  match value r with
  | Text "columns" ->
      ignore (expect r ":");
      let columns = whole_numbers "columns" Z.zero most_number (value r) in
      ignore (key r "," [ "rows" ]);
      let codes =
        match value r with
        | List (_ :: _ as l) when List.for_all (function Number z -> Z.sign z <> 0 | _ -> false) l ->
            List.map (function Number z -> z | _ -> Z.zero) l
        | found -> malformed r "\"rows\": expected a list of integers that are not 0, not empty, found %s" (show found) in
      let kind, domain, dimension = Certificate.read_domain r "injective" in
      ignore (expect r ",");
      (match value r with
       | Text "proof" ->
           let n = List.length columns in
           ( LayerByRows
               { layer_output = output; layer_source = source; read_columns = columns; layer_codes = codes; layer_domain = domain;
                 layer_evidence = lazy (rows_evidence r place kind domain n) },
             kind )
       | Text "convolution" -> (read_convolution r place output source columns codes kind domain dimension, kind)
       | found -> malformed r "expected the key \"convolution\" or \"proof\", found %s" (show found))
  | Text "hidden" -> read_residual r place output source count
  | found -> malformed r "expected the key \"columns\" or \"hidden\", found %s" (show found)

(* What the checker says about a layer or the whole, in words; or that the document is malformed. *)
let words place kind (why : Checker.graph_fault) =
  let layer format = Printf.ksprintf (fun text -> rejected "%s" (inside place text)) format in
  let n = Words.show in
  match why with
  | SourceNoAtom -> layer "source: names a value that is no atom"
  | NotColumns size -> layer "columns: expected different entries of the source, below %s" (n size)
  | NotOneNumber j -> layer "columns: entry %s of the source is none, and not one number" (n j)
  | LayerDomain when place.cuts && kind = "polytope" -> layer "the domain polytope cannot be cut down to some of the columns"
  | LayerDomain -> layer "domain: a layer of a network cannot have the domain %s" kind
  | BoundCount (columns, bounds) ->
      unreadable "%s" (inside place (Printf.sprintf "domain: expected bounds for %s columns, found %s" (n columns) (n bounds)))
  | NegativeColumn -> layer "domain: a column is not shown to be nonnegative"
  | ColumnOutside j -> layer "domain: column %s is not shown to lie in the box" (n j)
  | NoSuchBound k -> layer "rows: row %s names an entry or a bound that is not there" (n k)
  | NotTold k -> layer "rows: the output does not tell row %s" (n k)
  | OutsideColumns k -> layer "rows: row %s has an entry outside of the columns" (n k)
  | RankShape (rows, columns) -> layer "rank: found %s rows and %s columns" (n rows) (n columns)
  | RankNotTold -> layer "rank: the output does not tell all of each row"
  | TooManyEntries rows ->
      unreadable "%s" (inside place (Printf.sprintf "the entries of a matrix of %s rows are too many to be held in memory" (n rows)))
  | NoPivot column -> layer "rank: no pivot with an inverse modulo the modulus in column %s" (n column)
  | OfRowsProof why -> layer "%s" (Words.of_reason place.scene.at why)
  | OfBoxesProof why -> (
      match place.box_words why with
      | exception Rejected text ->
          place.part <- Fun.id;
          layer "%s" text
      | () -> layer "the layer does not fit the graph")
  | OfBlockProof why -> let text = place.block_words why in layer "%s" text
  | SizeNotAmong -> layer "at: the size is none of those of the proof"
  | NotAsMany -> layer "rows and columns are not as many as those of the convolution"
  | OtherRow k -> layer "rows: row %s is not that of the convolution" (n k)
  | NoRelu -> layer "hidden: names a value that is no ReLU"
  | OtherShape -> layer "residual: the block has another shape than the layer"
  | ReadsMore -> layer "residual: the layer reads something else as well"
  | OtherBlockRow i -> layer "residual: row %s of A and b is not that of the layer" (n i)
  | OtherBlockColumn j -> layer "residual: column %s of B is not that of the layer" (n j)
  | NotKnown input -> rejected "layers: it does not follow that the input %s is known" (n input)
  | _ -> layer "the layer does not fit the graph"

let judge_composition r domain graph count steps =
  let at : Words.place =
    { name = "refuter"; m = 0; n = 0; functions = 0; domain = ""; first_in = Hashtbl.create 1; entries = 0; tokens = 0 } in
  let place = { scene = { at; block = None; blocks = 0 }; layer = None; layers = 0; cuts = false; part = Fun.id; box_words = ignore; block_words = (fun _ -> "") } and kind = ref "" in
  let rec stream more : Checker.graph_layer Stream.t =
    lazy
      (place.layer <- None;
       if not more then begin ignore (expect r "}"); Stream.Done end
       else begin
         place.layer <- Some place.layers;
         place.scene.block <- None;
         place.scene.blocks <- 0;
         place.part <- Fun.id;
         let layer, its_kind = read_layer r place count in
         place.cuts <- (match layer with LayerByConvolution _ -> true | _ -> false);
         kind := its_kind;
         place.layers <- place.layers + 1;
         Stream.More (layer, lazy (Lazy.force (behind ())))
       end)
  and behind () =
    place.scene.block <- None;
    place.part <- Fun.id;
    ignore (expect r "}");
    place.layer <- None;
    stream (expect r ",]" = ',') in
  let start =
    lazy
      (ignore (key r "," [ "layers" ]);
       ignore (expect r "[");
       Lazy.force (stream (if peek r = ']' then (skip r; false) else true))) in
  match Checker.check_graph domain graph start with
  | exception Unreadable text -> unreadable "%s" (inside place text)
  | exception Rejected text -> rejected "%s" (inside place text)
  | Wrong why -> words place !kind why
  | Right () ->
      Printf.sprintf "the proofs of %d layers are correct, and with these the outputs of %d steps tell the inputs" place.layers steps

(* ------------------------------------------------------------------ the document *)

let check r given claim kind domain dimension =
  let given = Option.map read_file given in
  if not (List.mem kind [ "R^n"; "nonneg"; "box" ]) then
    rejected "domain: a certificate about a network cannot have the domain %s" kind;
  let graph, s, sum = read_graph r dimension in
  (match given with
   | Some other when other <> sum -> rejected "graph: the given network is another one, with the SHA-256 %s" other
   | _ -> ());
  let rule = Certificate.read_outer_rule r claim in
  if rule <> "graph-composition" then rejected "the rule \"%s\" proves nothing about a network as a graph" rule;
  let reason = judge_composition r domain graph s.count (List.length graph.graph_steps) in
  finish r;
  reason
