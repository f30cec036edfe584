(* Certificates about convolutions, from the value of the key "convolution" on. *)

open Faults
open Json
open Kernel_file

let entries_limit = 1 lsl 25
let times l = String.concat " x " (List.map Words.show l)
let product = List.fold_left Z.mul Z.one
let require_room count what = if Z.gt count (Z.of_int entries_limit) then unreadable "%s are too many to be held in memory" what
let require_columns n = require_room (Z.mul n n) (Printf.sprintf "a tree for %s columns: its vectors" (Z.to_string n))

(* ------------------------------------------------------------------ layer *)

let wrong name wanted found = unreadable "%s: expected %s, found %s" name wanted (show found)

(* A list of so many integers that are not below the least, of 1 to 3 if the number is not known. *)
let integers_of ?least name count value =
  let right n = match count with Some c -> n = c | None -> 1 <= n && n <= 3 in
  let big z = match least with Some least -> Z.geq z (Z.of_int least) | None -> true in
  match value with
  | List l when right (List.length l) && List.for_all (function Number z -> big z | _ -> false) l ->
      List.map (function Number z -> z | _ -> Z.zero) l
  | found -> wrong name "a list of integers" found

let integers ?least r name count = ignore (key r "," [ name ]); integers_of ?least name count (value r)

let read_padding r d =
  ignore (key r "," [ "padding" ]);
  match value r with
  | List l when List.length l = d ->
      List.map (fun pair -> match integers_of ~least:0 "padding" (Some 2) pair with [ a; b ] -> (a, b) | _ -> assert false) l
  | found -> wrong "padding" (Printf.sprintf "%d pairs of integers" d) found

let integer_list l = "[" ^ String.concat "," (List.map Z.to_string l) ^ "]"
let small z = if Z.fits_int z then Z.to_int z else unreadable "the layer does not fit into memory"

let differs name = rejected "convolution: %s differs from the given layer" name

(* All but the sizes: geometry, digest, and equality with the layer that was given as well; and the digest. *)
let read_layer_and_digest r dimension given =
  let inputs = size r "{" "in_channels" in
  let outputs = size r "," "out_channels" in
  (match dimension with
   | Some d when not (Z.equal inputs (Z.of_int d)) ->
       malformed r "domain: expected one rational for each of %s channels, found %d" (Words.show inputs) d
   | _ -> ());
  let groups = size r "," "groups" in
  if not (Z.divisible inputs groups && Z.divisible outputs groups) then
    malformed r "\"groups\": %s does not divide the numbers of channels" (Words.show groups);
  let kernel_size = integers ~least:1 r "kernel_size" None in
  let d = List.length kernel_size in
  let strides = integers ~least:1 r "stride" (Some d) in
  let dilations = integers ~least:1 r "dilation" (Some d) in
  let padding = read_padding r d in
  let mode = one_of r "," "padding_mode" (List.map fst modes) in
  ignore (key r "," [ "sha256" ]);
  let stated = match value r with
    | Text t when Certificate.is_hex t -> t
    | found -> malformed r "\"sha256\": expected 64 lower-case hex digits, found %s" (show found) in
  let axis k size : Checker.axis =
    { taps = size; stride = List.nth strides k; dilation = List.nth dilations k; low = fst (List.nth padding k); high = snd (List.nth padding k) } in
  let axes = List.mapi axis kernel_size in
  (match given with
   | None -> ()
   | Some g ->
       let other same name = if not same then differs name in
       let along f = List.length g.axes = d && List.for_all2 (fun a b -> Z.equal (f a) (f b)) g.axes axes in
       other (Z.equal inputs (Z.of_int g.in_channels)) "in_channels";
       other (Z.equal outputs (Z.of_int g.out_channels)) "out_channels";
       other (Z.equal groups (Z.of_int g.groups)) "groups";
       other (along (fun (a : Checker.axis) -> a.taps)) "kernel_size";
       other (along (fun (a : Checker.axis) -> a.stride)) "stride";
       other (along (fun (a : Checker.axis) -> a.dilation)) "dilation";
       other (along (fun (a : Checker.axis) -> a.low) && along (fun (a : Checker.axis) -> a.high)) "padding";
       other (g.mode = mode) "padding_mode");
  let digest = Sha256.start () in
  let pairs = String.concat "," (List.map (fun (a, b) -> integer_list [ a; b ]) padding) in
  Sha256.add digest
    (Printf.sprintf "{\"in_channels\":%s,\"out_channels\":%s,\"groups\":%s,\"kernel_size\":%s,\"stride\":%s,\"dilation\":%s,\"padding\":[%s],\"padding_mode\":\"%s\",\"kernels\":["
       (Z.to_string inputs) (Z.to_string outputs) (Z.to_string groups) (integer_list kernel_size) (integer_list strides)
       (integer_list dilations) pairs mode);
  let width = int_of_float (Z.to_float (Z.min (product (Z.div inputs groups :: kernel_size)) (Z.of_int (1 lsl 40)))) in
  ignore (key r "," [ "kernels" ]);
  let next = items ~ahead:true r in
  let rec kernels o before rest =
    match next () with
    | None -> List.rev before
    | Some found ->
        if Z.equal (Z.of_int o) outputs then malformed r "kernels: expected %s, found more" (Words.show outputs);
        if o > 0 then Sha256.add digest ",";
        let kernel = Numbers.rationals (Printf.sprintf "kernel %d" o) (Some width) found in
        (match rest with k :: _ when not (List.for_all2 Numbers.equal kernel k) -> differs (Printf.sprintf "kernel %d" o) | _ -> ());
        Sha256.add digest (Certificate.quoted (Certificate.texts found));
        kernels (o + 1) (kernel :: before) (match rest with [] -> [] | _ :: rest -> rest) in
  let kernels = kernels 0 [] (match given with Some g -> g.kernels | None -> []) in
  if not (Z.equal (Z.of_int (List.length kernels)) outputs) then malformed r "kernels: expected %s, found %d" (Words.show outputs) (List.length kernels);
  ignore (key r "," [ "b" ]);
  let found = value r in
  let b = Numbers.rationals "convolution.b" (Some (List.length kernels)) found in
  (match given with Some g when not (List.for_all2 Numbers.equal b g.b) -> differs "b" | _ -> ());
  Sha256.add digest (Printf.sprintf "],\"b\":%s}" (Certificate.quoted (Certificate.texts found)));
  let sum = Sha256.finish digest in
  if sum <> stated then rejected "convolution: the SHA-256 of the layer is %s, not the one stated" sum;
  ({ in_channels = small inputs; out_channels = small outputs; groups = small groups; mode; axes; kernels; b }, sum)

let read_layer r dimension given = fst (read_layer_and_digest r dimension given)

let about l =
  let along f = times (List.map f l.axes) in
  let pair (a : Checker.axis) = Printf.sprintf "(%s, %s)" (Words.show a.low) (Words.show a.high) in
  let padded (a : Checker.axis) = Z.sign a.low > 0 || Z.sign a.high > 0 in
  Printf.sprintf "kernel %s, stride %s, dilation %s, padding %s%s, channels %d to %d, groups %d"
    (along (fun (a : Checker.axis) -> a.taps)) (along (fun (a : Checker.axis) -> a.stride))
    (along (fun (a : Checker.axis) -> a.dilation))
    (String.concat " x " (List.map pair l.axes))
    (if List.exists padded l.axes then " " ^ l.mode else "")
    l.in_channels l.out_channels l.groups

(* ------------------------------------------------------------------ sizes *)

let require_defined l sizes name =
  List.iteri
    (fun k (axis, size) ->
      let least = Checker.least_size (List.assoc l.mode modes) axis in
      if Z.lt size least then
        rejected "%s: the layer is not defined for N_%d = %s, below %s" name (k + 1) (Words.show size) (Words.show least))
    (List.combine l.axes sizes)

let increasing_of name found =
  match found with
  | List (_ :: _ as l) when List.for_all (function Number _ -> true | _ -> false) l ->
      let numbers = List.map (function Number z -> z | _ -> Z.zero) l in
      let rec rises = function a :: (b :: _ as rest) -> Z.lt a b && rises rest | _ -> true in
      if not (rises numbers) then unreadable "%s: expected the integers in increasing order, each once" name;
      numbers
  | found -> wrong name "a list of integers, not empty" found

let read_size r l =
  let size = integers ~least:1 r "size" (Some (List.length l.axes)) in
  ignore (expect r "}");
  require_defined l size "size";
  size

(* The sizes and the end of their object. *)
let read_set_of_sizes r l =
  let d = List.length l.axes in
  ignore (key r "," [ "sizes" ]);
  ignore (key r "{" [ "minimum" ]);
  let minimum = integers_of ~least:1 "minimum" (Some d) (value r) in
  ignore (key r "," [ "residues" ]);
  let residues = match value r with
    | List lists when List.length lists = d -> List.map (increasing_of "residues") lists
    | found -> wrong "residues" (Printf.sprintf "%d lists of integers" d) found in
  List.iter2
    (fun (axis : Checker.axis) l ->
      if Z.sign (List.hd l) < 0 || List.exists (fun z -> Z.geq z axis.stride) l then
        unreadable "residues: expected integers from 0 to %s" (Words.show (Z.pred axis.stride)))
    l.axes residues;
  ignore (expect r "}");
  (minimum, residues)

let read_sizes r l =
  let minimum, residues = read_set_of_sizes r l in
  ignore (expect r "}");
  require_defined l minimum "sizes";
  (minimum, residues)

(* The same, with one size at the key "at". *)
let read_sizes_and_one r l =
  let minimum, residues = read_set_of_sizes r l in
  let at = integers ~least:1 r "at" (Some (List.length l.axes)) in
  ignore (expect r "}");
  require_defined l minimum "sizes";
  (minimum, residues, at)

let about_sizes l minimum residues =
  let rec first n = function a :: rest when n > 0 -> a :: first (n - 1) rest | _ -> [] in
  let part k ((axis : Checker.axis), least, residues) =
    let some = String.concat ", " (List.map Words.show (first 8 residues)) ^ if List.length residues > 8 then ", ..." else "" in
    let full =
      if Z.equal (Z.of_int (List.length residues)) axis.stride then "any residue"
      else Printf.sprintf "N_%d mod %s in {%s}" (k + 1) (Words.show axis.stride) some in
    Printf.sprintf "N_%d >= %s (%s)" (k + 1) (Words.show least) full in
  String.concat " and " (List.mapi part (List.map2 (fun axis (m, r) -> (axis, m, r)) l.axes (List.combine minimum residues)))

(* ------------------------------------------------------------------ words *)

(* Where a fault is: the proof of a box, and in it a block or a stage. And how many packings there are, and whether this one has epsilon. *)
type place =
  { scene : Certificate.scene; mutable proof : int option; mutable part : string; mutable known : bool list; mutable packings : int;
    mutable bearing : bool }

let nowhere () : place =
  let at : Words.place = { name = "refuter"; m = 0; n = 0; functions = 0; domain = ""; first_in = Hashtbl.create 1; entries = 0; tokens = 0 } in
  { scene = { at; block = None; blocks = 0 }; proof = None; part = "block"; known = []; packings = 0; bearing = false }

let within place text =
  let text = match place.scene.block with Some k -> Printf.sprintf "%s %d: %s" place.part k text | None -> text in
  match place.proof with Some k -> Printf.sprintf "proof %d: %s" k text | None -> text

(* The places of a grid, and which of them has a number in lexicographic order. *)
let digits_of number counts =
  List.fold_right (fun count (rest, number) -> (Z.rem number count :: rest, Z.div number count)) counts ([], number) |> fst

let window_counts l size = List.map2 Checker.window_count l.axes size

(* ------------------------------------------------------------------ one size *)

let judged place verdict words =
  match verdict () with
  | exception Unreadable text -> unreadable "%s" (within place text)
  | exception Rejected text -> rejected "%s" (within place text)
  | Checker.Accepted -> ()
  | Checker.Refused why -> words why

let of_rows place (why : Checker.fault) =
  match why with
  | OfRows (TooFewOwn (count, expected)) when place.bearing ->
      let few = Printf.sprintf "only %s refuters that bear the change epsilon have inputs of their own, expected %s" in
      rejected "%s" (within place (few (Words.show count) (Words.show expected)))
  | OfRows why -> rejected "%s" (within place (Words.of_reason place.scene.at why))
  | _ -> rejected "%s" (within place "the layer, its sizes and its domain do not fit together")

(* A row of windows, in the order of (J, o). *)
let different_output rule l counts i =
  let outputs = Z.of_int l.out_channels in
  let window = List.map Words.show (digits_of (Z.div i outputs) counts) in
  rejected "%s: output %s of the window (%s) differs at x and at y" rule (Words.show (Z.rem i outputs)) (String.concat ", " window)

let of_points rule kind outputs_differ (why : Checker.fault) =
  match why with
  | OfRows PointsEqual -> rejected "%s: x and y are equal" rule
  | OfRows (PointOutside second) -> rejected "%s: %s does not lie in the domain %s" rule (if second then "y" else "x") kind
  | OfRows (OutputsDiffer i) -> outputs_differ i
  | _ -> rejected "%s: the layer, its sizes and its domain do not fit together" rule

let accepted place rule n =
  if rule = "blocks" then Printf.sprintf "%d blocks have all %d columns, and their proofs are correct" place.scene.blocks n
  else
    let at = place.scene.at in
    Printf.sprintf "%d %ss and the tree of %d tokens are correct" at.entries at.name at.tokens

let judge_at_size r kind domain l rule size =
  let c = checked l in
  let n = product (Z.of_int l.in_channels :: size) and counts = window_counts l size in
  let m = product (Z.of_int l.out_channels :: counts) in
  require_room (Z.mul m n) (Printf.sprintf "the entries of %s rows and %s columns" (Z.to_string m) (Z.to_string n));
  let place = nowhere () and n = Z.to_int n in
  let check evidence () = Checker.check_convolution c domain (OneSize size) (evidence ()) in
  match rule with
  | "collision" ->
      let x, y = Certificate.read_points r n in
      judged place (check (fun () -> CollisionAtSize (x, y))) (of_points "collision" kind (different_output "collision" l counts));
      Printf.sprintf "x and y differ, lie in %s and have the same output in all windows" kind
  | _ ->
      let rows = Checker.unrolled c size in
      let inner = Option.get (Checker.column_domain domain (Checker.layer_columns c size)) in
      let evidence () : Checker.convolution_evidence =
        if rule = "blocks" then BlocksAtSize (Certificate.read_blocks r place.scene kind inner rows n)
        else begin
          require_columns (Z.of_int n);
          let at, functions = Certificate.start rule kind inner rows n in
          place.scene.at <- at;
          RowsAtSize
            (if rule = "flat-tree" then let refuters, tree = Certificate.flat_tree r at functions in FlatTreeProof (refuters, tree)
             else let circuits, tree = Certificate.sign_split r at functions in SignSplitProof (circuits, tree))
        end in
      judged place (check evidence) (of_rows place);
      Printf.sprintf "%s rows and %d columns, %s" (Z.to_string m) n (accepted place rule n)

(* ------------------------------------------------------------------ boxes *)

let read_slot r : Checker.slot =
  ignore (key r "{" [ "known" ]);
  let known = integers_of ~least:0 "known" (Some 2) (value r) in
  ignore (key r "," [ "starts" ]);
  let starts = increasing_of "starts" (value r) in
  ignore (expect r "}");
  { known_low = List.hd known; known_high = List.nth known 1; slot_starts = starts }

(* The elements of a list, each read by a function. *)
let read_each r read =
  ignore (expect r "[");
  let rec next before =
    let before = read () :: before in
    if expect r ",]" = ',' then next before else List.rev before in
  if peek r = ']' then (skip r; []) else next []

let read_slots r d =
  ignore (key r "," [ "slots" ]);
  let one () =
    match read_each r (fun () -> read_slot r) with
    | [] -> malformed r "slots: expected at least one slot for each axis, found none"
    | slots -> slots in
  let axes = read_each r one in
  if List.length axes <> d then malformed r "slots: expected lists for %d axes, found %d" d (List.length axes);
  axes

(* A packing of windows: each refuter with what shows that it bears epsilon, if there is one. *)
let read_packing r place kind c box group choice cols at functions : Checker.packed_proof =
  let epsilon = Certificate.read_epsilon r kind in
  let windows = lazy (Array.of_list (Checker.placed_windows c group box choice)) in
  let scaling pairs =
    let named = List.map (fun (i, _) -> (Lazy.force windows).(Z.to_int i)) pairs in
    match Checker.rows_within c group cols named with
    | Some rows -> Nearby.scaling (Checker.any_bias c) (List.map2 (fun row (_, k) -> (row, k)) rows pairs)
    | None -> Nearby.nothing in
  let rec shown s =
    lazy
      (match Lazy.force s with
       | Stream.Done -> Stream.Done
       | Stream.More (pairs, rest) -> Stream.More ((pairs, lazy (scaling pairs)), shown rest)) in
  place.packings <- place.packings + 1;
  place.bearing <- epsilon <> None;
  BoxPacking (epsilon, shown (Certificate.packing r at functions))

(* The proof of a box, for the rows that the checker makes for it. *)
let read_box_proof r packings place kind domain c box group choice : Checker.packed_proof =
  let rule = one_of r "{" "rule" (List.map fst Certificate.proves) in
  let allowed = [ "flat-tree"; "sign-split"; "blocks"; "stages" ] @ if packings then [ "packing" ] else [] in
  if not (List.mem rule allowed) then rejected "the rule \"%s\" cannot stand here, only %s" rule (String.concat ", " allowed);
  let cols = Checker.box_columns c group box in
  let rows = Checker.box_layer c group box choice in
  let n = List.length cols and inner = Option.get (Checker.column_domain domain cols) in
  match rule with
  | "packing" ->
      let at, functions = Certificate.start rule kind inner rows n in
      place.scene.at <- at;
      read_packing r place kind c box group choice cols at functions
  | "blocks" -> Proved (BoxBlocks (Certificate.read_blocks r place.scene kind inner rows n))
  | "stages" ->
      place.part <- "stage";
      place.known <- List.init n (fun _ -> false);
      let more mask =
        let seen = Checker.seen_rows (Checker.cut mask place.known) in
        place.known <- Checker.either place.known mask;
        seen in
      Proved (BoxStages (Certificate.read_blocks ~name:"stage" ~more r place.scene kind inner rows n))
  | _ ->
      let at, functions = Certificate.start rule kind inner rows n in
      place.scene.at <- at;
      let proof : Checker.rows_proof =
        if rule = "flat-tree" then let refuters, tree = Certificate.flat_tree r at functions in FlatTreeProof (refuters, tree)
        else let circuits, tree = Certificate.sign_split r at functions in SignSplitProof (circuits, tree) in
      Proved (BoxRows proof)

(* The proofs of boxes where none is a packing. *)
let rec without_packings (proofs : Checker.packed_proof Stream.t) : Checker.box_proof Stream.t =
  lazy
    (match Lazy.force proofs with
     | Stream.Done -> Stream.Done
     | Stream.More (Checker.Proved proof, rest) -> Stream.More (proof, without_packings rest)
     | Stream.More (Checker.BoxPacking _, _) -> rejected "boxes: a packing stands where none can stand")

let coverage length (axis : Checker.axis) least (why : Checker.coverage_fault) =
  match why with
  | BelowStride -> Printf.sprintf "the box length %s is below the stride %s" (Words.show length) (Words.show axis.stride)
  | AboveMinimum -> Printf.sprintf "the box length %s is above the minimum size %s" (Words.show length) (Words.show least)
  | BothEndsKnown -> "places at both ends are known, so it is swept neither up nor down"
  | TooMuchKnown -> "more places are known than the box before has left"
  | NoFirst -> "no slot serves the first box"
  | NoInner -> "no slot serves the inner boxes"
  | NoLast r -> Printf.sprintf "no slot serves the last box for the residue %s" (Words.show r)

(* What the rule "boxes" says while the checker takes it: the evidence, where faults are, their words, and what is accepted. *)
let boxes ~packings r kind domain l minimum : Checker.convolution_evidence * place * (Checker.fault -> unit) * (unit -> string) =
  let c = checked l and d = List.length l.axes in
  let box = integers ~least:1 r "box" (Some d) in
  let slots = read_slots r d in
  let counts = Z.of_int l.groups :: List.map (fun s -> Z.of_int (List.length s)) slots in
  let total = product counts in
  require_room total "the choices of slots";
  let place = nowhere () and number = ref 0 in
  let columns = product (Z.of_int (l.in_channels / l.groups) :: box) in
  let read () =
    place.proof <- Some !number;
    place.part <- "block";
    place.scene.block <- None;
    place.scene.blocks <- 0;
    require_columns columns;
    let digits = List.map Z.to_int (digits_of (Z.of_int !number) counts) in
    let choice = List.map2 List.nth slots (List.tl digits) in
    let starts = product (List.map (fun (s : Checker.slot) -> Z.of_int (List.length s.slot_starts)) choice) in
    let rows = Z.add (Z.mul (Z.of_int (l.out_channels / l.groups)) starts) (Z.mul (Z.of_int 2) columns) in
    require_room (Z.mul rows columns) (Printf.sprintf "the entries of the box layer %d" !number);
    let proof = read_box_proof r packings place kind domain c box (Numbers.nat_of (List.hd digits)) choice in
    incr number;
    proof in
  let rec stream another : Checker.packed_proof Stream.t =
    lazy
      (if not another then begin ignore (expect r "}"); Stream.Done end
       else if Z.equal (Z.of_int !number) total then rejected "boxes: the list of proofs goes on after %s" (Z.to_string total)
       else let proof = read () in Stream.More (proof, lazy (Lazy.force (behind ()))))
  and behind () =
    place.proof <- None;
    place.scene.block <- None;
    stream (expect r ",]" = ',') in
  let proofs = lazy (
    ignore (key r "," [ "proofs" ]);
    ignore (expect r "[");
    Lazy.force (stream (if peek r = ']' then (skip r; false) else true))) in
  let words (why : Checker.fault) =
    match why with
    | NotCovered (k, why) ->
        let i = Z.to_int k - 1 in
        rejected "boxes: axis %d: %s" (i + 1) (coverage (List.nth box i) (List.nth l.axes i) (List.nth minimum i) why)
    | ProofsEnd -> rejected "boxes: the list of proofs ends after %d of %s" !number (Z.to_string total)
    | ProofsGoOn -> rejected "boxes: the list of proofs goes on after %s" (Z.to_string total)
    | StageMissing j -> place.scene.block <- None; rejected "%s" (within place (Printf.sprintf "stages: no stage has column %s" (Z.to_string j)))
    | why -> of_rows place why in
  let evidence : Checker.convolution_evidence =
    if packings then ByPackedBoxes (box, slots, proofs) else ByBoxes (box, slots, without_packings proofs) in
  let accepted () =
    let assumed = if place.packings = 0 then "" else Printf.sprintf ", %d of them if their windows are full spark" place.packings in
    Printf.sprintf "the proofs of %s box layers for the box %s are correct%s, and these boxes cover the grid" (Z.to_string total) (times box) assumed in
  (evidence, place, words, accepted)

let judge_boxes ~packings r kind domain l minimum residues =
  let evidence, place, words, accepted = boxes ~packings r kind domain l minimum in
  judged place (fun () -> Checker.check_convolution (checked l) domain (ManySizes (minimum, residues)) evidence) words;
  accepted ()

(* ------------------------------------------------------------------ periodic *)

(* What is wrong with the points of a rule whatever the windows see; it comes first in the words. *)
let require_two_inside rule kind domain cols x y =
  let inner = Option.get (Checker.column_domain domain cols) in
  match Checker.check_rows (Numbers.nat_of (List.length cols)) inner [] (CollisionProof (x, y)) with
  | Bad why -> of_points rule kind (fun _ -> ()) (OfRows why)
  | Good () -> ()

let judge_periodic r kind domain l minimum residues =
  let c = checked l and d = List.length l.axes in
  let period = integers ~least:1 r "period" (Some d) in
  let n = product (Z.of_int l.in_channels :: period) in
  require_room n "the columns";
  let x, y = Certificate.read_points r (Z.to_int n) in
  require_two_inside "periodic" kind domain (Checker.layer_columns c period) x y;
  let zeros = l.mode = "zeros" in
  let views_of (axis : Checker.axis) q =
    let left width = if zeros then Z.succ (Z.min (Z.cdiv width axis.dilation) (Z.pred axis.taps)) else Z.one in
    product [ q; left axis.low; left axis.high ] in
  require_room (product (n :: Z.of_int l.out_channels :: List.map2 views_of l.axes period)) "the phases";
  let view_name (v : Checker.view) =
    Printf.sprintf "phase %s, taps %s to %s" (Z.to_string v.phase) (Z.to_string v.first_tap) (Z.to_string v.last_tap) in
  let outputs_differ i =
    let window = List.nth (Checker.all_views c period) (Z.to_int i / l.out_channels) in
    rejected "periodic: output %d of the window (%s) differs at x and at y" (Z.to_int i mod l.out_channels)
      (String.concat ", " (List.map view_name window)) in
  judged (nowhere ())
    (fun () -> Checker.check_convolution c domain (ManySizes (minimum, residues)) (ByPeriodic (period, x, y)))
    (function
      | LongPeriod -> rejected "periodic: the period is longer than the minimum size"
      | PeriodOne -> rejected "periodic: with the padding mode %s only the period 1 is possible" l.mode
      | why -> of_points "periodic" kind outputs_differ why);
  let kinds (axis : Checker.axis) q =
    let reads v = List.init (Z.to_int axis.taps) (fun u -> Checker.tap_seen axis q v (Z.of_int u)) in
    List.length (List.sort_uniq compare (List.map reads (Checker.views_along c.mode axis q))) in
  Printf.sprintf "two inputs of period %s have the same output in all %d kinds of windows" (times period)
    (List.fold_left ( * ) 1 (List.map2 kinds l.axes period))

(* ------------------------------------------------------------------ patch *)

let anchors : (string * Checker.anchor) list = [ ("first", First); ("inner", Inner); ("last", Last) ]

let read_parts r l : Checker.anchored list =
  let d = List.length l.axes in
  let spans = integers ~least:1 r "patch" (Some d) in
  ignore (key r "," [ "anchor" ]);
  let at = match value r with
    | List names when List.length names = d && List.for_all (function Text t -> List.mem_assoc t anchors | _ -> false) names ->
        List.map (fun t -> List.assoc t anchors) (Certificate.texts (List names))
    | found -> wrong "anchor" (Printf.sprintf "%d of first, inner, last" d) found in
  let phases = integers ~least:0 r "phase" (Some d) in
  if List.exists2 (fun phase (axis : Checker.axis) -> Z.geq phase axis.stride) phases l.axes then
    unreadable "phase: expected integers below the strides";
  List.mapi (fun k span : Checker.anchored -> { span; anchored_at = List.nth at k; window_phase = List.nth phases k }) spans

(* What is wrong with the place of the patch along an axis. *)
let require_fit l mode k (axis : Checker.axis) (part : Checker.anchored) least residues =
  let margin = Checker.margin mode axis and rest a = Z.erem a axis.stride in
  let needed =
    match part.anchored_at with
    | Inner -> Z.add part.span (Z.add margin (Checker.inner_position mode axis part))
    | _ ->
        if Checker.copies mode axis then
          rejected "patch: with the padding mode %s the anchor of axis %d has to be inner" l.mode k;
        part.span in
  if part.anchored_at = First && Z.sign (rest (Z.add part.window_phase axis.low)) <> 0 then
    rejected "patch: no window of axis %d has the phase %s at the beginning" k (Words.show part.window_phase);
  let off r = Z.sign (rest (Z.sub part.span (Z.add axis.low (Z.add part.window_phase r)))) <> 0 in
  if part.anchored_at = Last && List.exists off residues then rejected "patch: the phase of axis %d does not fit all sizes at the end" k;
  if Z.lt least needed then rejected "patch: it needs N_%d >= %s, not only %s" k (Words.show needed) (Words.show least)

let rec combinations = function
  | [] -> [ [] ]
  | l :: rest -> let others = combinations rest in List.concat_map (fun a -> List.map (fun o -> a :: o) others) l

(* The starts of the windows that read a difference, each once, in the order in which the words name them. *)
let starts_in_order (c : Checker.convolution) parts places =
  let seen = Hashtbl.create 64 in
  let along place = List.map2 (fun (axis, part) d -> Checker.starts_along axis part d) (List.combine c.axes parts) place in
  let fresh tau = if Hashtbl.mem seen tau then false else (Hashtbl.add seen tau (); true) in
  List.filter fresh (List.concat_map (fun place -> combinations (along place)) (List.sort_uniq (List.compare Z.compare) places))

let require_windows l (c : Checker.convolution) domain cols size parts starts x y =
  let inner = Option.get (Checker.column_domain domain cols) and n = Numbers.nat_of (List.length cols) in
  List.iter
    (fun tau ->
      let name = String.concat ", " (List.map Words.show tau) in
      if not (Checker.holds c.axes parts tau) then
        rejected "patch: the window at (%s) reads a difference and does not lie in the patch" name;
      let rows = Checker.rows_by_window c cols [ Checker.window_reads Zeros c.axes size tau ] in
      match Checker.check_rows n inner rows (CollisionProof (x, y)) with
      | Bad (OutputsDiffer o) -> rejected "patch: output %s of the window at (%s) differs at x and at y" (Words.show o) name
      | _ -> ())
    starts

let judge_patch r kind domain l minimum residues =
  let c = checked l in
  let parts = read_parts r l in
  let size = List.map (fun (p : Checker.anchored) -> p.span) parts in
  let n = product (Z.of_int l.in_channels :: size) in
  require_room n "the columns";
  let x, y = Certificate.read_points r (Z.to_int n) in
  let cols = Checker.layer_columns c size in
  require_two_inside "patch" kind domain cols x y;
  List.iteri
    (fun k ((axis, part), (least, r)) -> require_fit l c.mode (k + 1) axis part least r)
    (List.combine (List.combine l.axes parts) (List.combine minimum residues));
  let reach = List.map2 (fun (a : Checker.axis) span -> Z.min (Z.add span (Z.mul a.dilation a.taps)) (Z.mul span a.taps)) l.axes size in
  require_room (product (n :: Z.of_int l.out_channels :: reach)) "the windows of the patch";
  let starts = starts_in_order c parts (Checker.different_places cols x y) in
  judged (nowhere ())
    (fun () -> Checker.check_convolution c domain (ManySizes (minimum, residues)) (ByPatch (parts, x, y)))
    (fun _ ->
      require_windows l c domain cols size parts starts x y;
      rejected "patch: the layer, its sizes and its domain do not fit together");
  Printf.sprintf "two inputs that differ in a patch of size %s only have the same output in %d windows there" (times size) (List.length starts)

(* ------------------------------------------------------------------ count *)

let read_integer r name =
  ignore (key r "," [ name ]);
  match value r with
  | Number z -> z
  | found -> malformed r "\"%s\": expected an integer, found %s" name (show found)

let judge_count r kind domain l minimum residues =
  let group = read_integer r "group" in
  ignore (expect r "}");
  if Z.sign group < 0 || Z.geq group (Z.of_int l.groups) then rejected "count: there is no group %s" (Words.show group);
  let fewer = Printf.sprintf "fewer rows than %sinputs" (if kind = "R^n" then "twice its " else "") in
  judged (nowhere ())
    (fun () -> Checker.check_convolution (checked l) domain (ManySizes (minimum, residues)) (ByCount (Numbers.nat_of (Z.to_int group))))
    (function
      | TooManyRows -> rejected "count: group %s is not shown to have %s" (Words.show group) fewer
      | _ -> rejected "count: the layer, its sizes and its domain do not fit together");
  Printf.sprintf "group %s has %s at every size" (Words.show group) fewer

(* ------------------------------------------------------------------ unpaired *)

let listed l = "[" ^ String.concat ", " (List.map Words.show l) ^ "]"

(* The first kernel and tap that is a negative multiple of the row. *)
let pair_of (c : Checker.convolution) l group kernel tap lead =
  let taps = combinations (List.map (fun (a : Checker.axis) -> List.init (Z.to_int a.taps) Z.of_int) l.axes) in
  let negative q v = Checker.negative_multiple c group kernel tap lead (Numbers.nat_of q) v in
  List.find_map
    (fun q -> Option.map (fun v -> (q, v)) (List.find_opt (negative q) taps))
    (List.init (l.out_channels / l.groups) Fun.id)

let judge_unpaired r kind domain l minimum residues =
  let c = checked l in
  let group = read_integer r "group" in
  let kernel = read_integer r "kernel" in
  let tap = integers r "tap" (Some (List.length l.axes)) in
  ignore (expect r "}");
  let below z count = Z.sign z >= 0 && Z.lt z (Z.of_int count) in
  if not (below group l.groups) then rejected "unpaired: there is no group %s" (Words.show group);
  if not (below kernel (l.out_channels / l.groups)) then rejected "unpaired: there is no kernel %s in a group" (Words.show kernel);
  if List.exists2 (fun u (a : Checker.axis) -> Z.sign u < 0 || Z.geq u a.taps) tap l.axes then rejected "unpaired: there is no tap %s" (listed tap);
  if kind <> "R^n" then rejected "unpaired: the domain is %s, not R^n" kind;
  if l.mode <> "zeros" && List.exists (fun (a : Checker.axis) -> Z.sign a.low > 0 || Z.sign a.high > 0) l.axes then
    rejected "unpaired: the layer has padding that is not zero";
  let g = Numbers.nat_of (Z.to_int group) and k = Numbers.nat_of (Z.to_int kernel) in
  judged (nowhere ())
    (fun () -> Checker.check_convolution c domain (ManySizes (minimum, residues)) (ByUnpaired (g, k, tap)))
    (function
      | TooManyRows -> rejected "unpaired: group %s is not shown to have at most twice as many rows as inputs" (Words.show group)
      | NoReader ->
          let reads = List.map2 (fun (axis, u) least -> Checker.reads_tap axis u least) (List.combine l.axes tap) minimum in
          let rec first i = function true :: rest -> first (i + 1) rest | _ -> i in
          rejected "unpaired: at the minimum no window has the tap %s in the grid along axis %d" (listed tap) (first 1 reads)
      | ZeroTap -> rejected "unpaired: kernel %s is 0 at the tap %s" (Words.show kernel) (listed tap)
      | Paired ->
          let leads = List.init (l.in_channels / l.groups) Numbers.nat_of in
          let found = List.find_map (pair_of c l g k tap) leads in
          (match found with
           | Some (q, v) -> rejected "unpaired: kernel %d is a negative multiple at the tap %s" q (listed v)
           | None -> rejected "unpaired: a row is a negative multiple")
      | _ -> rejected "unpaired: the layer, its sizes and its domain do not fit together");
  Printf.sprintf
    "group %s has at most twice as many rows as inputs at every size, and a row with the tap %s of kernel %s in the grid has no negative multiple"
    (Words.show group) (listed tap) (Words.show kernel)

(* ------------------------------------------------------------------ geometric *)

let require_growing kind domain l group factor (x : Checker.q list) =
  let positive (q : Checker.q) = Z.sign q.qnum > 0 in
  if not (List.for_all positive factor) then rejected "geometric: a factor is not positive";
  if Z.sign group < 0 || Z.geq group (Z.of_int l.groups) then rejected "geometric: there is no group %s" (Words.show group);
  if List.exists (fun (a : Checker.axis) -> Z.sign a.low > 0 || Z.sign a.high > 0) l.axes then rejected "geometric: the layer has padding";
  (match (domain : Checker.domain) with
   | Box _ -> rejected "geometric: the input does not lie in the interior of the domain %s" kind
   | Orthant when not (List.for_all positive x) -> rejected "geometric: the input does not lie in the interior of the domain %s" kind
   | _ -> ());
  List.iteri
    (fun k axis ->
      if Z.lt (Checker.extent axis) axis.Checker.stride then rejected "geometric: the kernel is shorter than the stride along axis %d" (k + 1))
    l.axes

let judge_geometric r kind domain l minimum residues =
  let c = checked l and d = List.length l.axes in
  let group = read_integer r "group" in
  let period = integers ~least:1 r "period" (Some d) in
  ignore (key r "," [ "factor" ]);
  let factor = Numbers.rationals "factor" (Some d) (value r) in
  let n = product (Z.of_int (l.in_channels / l.groups) :: period) in
  require_room n "the columns";
  ignore (key r "," [ "x" ]);
  let x = Numbers.rationals "proof.x" (Some (Z.to_int n)) (value r) in
  ignore (expect r "}");
  require_growing kind domain l group factor x;
  List.iter2
    (fun (axis : Checker.axis) (q, (rho : Checker.q)) ->
      let bits = Z.of_int (Z.numbits (Z.pred (Z.mul rho.qnum rho.qden))) in
      require_room (Z.mul (Z.mul (Z.div (Z.add q (Checker.extent axis)) q) axis.taps) bits) "the powers of the factors")
    l.axes (List.combine period factor);
  let g = Numbers.nat_of (Z.to_int group) in
  let found = List.map (fun psi -> (psi, List.length (Checker.not_negative c g (Checker.seen_at c factor period x psi)))) (Checker.places period) in
  judged (nowhere ())
    (fun () -> Checker.check_convolution c domain (ManySizes (minimum, residues)) (ByGeometric (g, period, factor, x)))
    (fun _ ->
      List.iter
        (fun (psi, count) ->
          if not (Checker.few_enough c (Numbers.nat_of count)) then
            rejected "geometric: at the phase (%s) %d outputs are not negative, too many for %s"
              (String.concat ", " (List.map Words.show psi)) count (Z.to_string (Checker.all_inputs c)))
        found;
      rejected "geometric: the layer, its sizes and its domain do not fit together");
  Printf.sprintf "at an input that grows geometrically at most %d outputs of group %s are not negative"
    (List.fold_left (fun most (_, count) -> max most count) 0 found) (Words.show group)

(* ------------------------------------------------------------------ the document *)

let at_size = [ "collision"; "flat-tree"; "sign-split"; "blocks" ]
let for_sizes = [ ("boxes", judge_boxes ~packings:false); ("periodic", judge_periodic); ("patch", judge_patch); ("count", judge_count);
    ("unpaired", judge_unpaired); ("geometric", judge_geometric) ]

let read_rule r claim =
  match Certificate.read_outer_rule r claim with
  | "stages" -> rejected "the rule \"stages\" stands inside the rule \"boxes\" only"
  | ("p-matrix" | "orientation") as rule -> rejected "the rule \"%s\" proves something about residual blocks only" rule
  | rule when List.mem rule at_size || List.mem_assoc rule for_sizes -> rule
  | rule -> rejected "the rule \"%s\" proves something about networks only" rule

let check r given claim kind (domain : Checker.domain) dimension =
  let given = Option.map Kernel_file.read given in
  (match domain with
   | Space | Orthant | Box _ when kind <> "sphere" -> ()
   | _ -> rejected "domain: a certificate about a convolution cannot have the domain %s" kind);
  if List.mem claim [ "alpha_star"; "injective_if_full_spark"; "stability" ] then
    rejected "a certificate about a convolution cannot have the claim \"%s\"" claim;
  let l = read_layer r dimension given in
  let where, rule, reason =
    if List.mem claim [ "injective"; "not_injective" ] then begin
      let size = read_size r l in
      let rule = read_rule r claim in
      ("the input size " ^ times size, rule, judge_at_size r kind domain l rule size)
    end
    else begin
      let minimum, residues = read_sizes r l in
      let rule = read_rule r claim in
      let every = if String.starts_with ~prefix:"not" claim then "any" else "every" in
      let judge = if (claim, rule) = Certificate.resting then judge_boxes ~packings:true else List.assoc rule for_sizes in
      (Printf.sprintf "%s input size with %s" every (about_sizes l minimum residues), rule, judge r kind domain l minimum residues)
    end in
  finish r;
  let word = if String.starts_with ~prefix:"injective" (List.assoc rule Certificate.proves) then "injective" else "not injective" in
  let word = word ^ if claim = fst Certificate.resting then ", if the windows are full spark," else "" in
  Printf.sprintf "%s for %s on %s: %s; %s" word where kind reason (about l)
