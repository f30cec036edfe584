(* The kernel file of the user, JSON: kernels, and perhaps b, stride, dilation, padding, groups, padding_mode. Numbers are
   read as in a layer file. *)

open Faults
open Json

let modes : (string * Checker.padding_mode) list =
  [ ("zeros", Zeros); ("circular", Circular); ("reflect", Reflect); ("replicate", Replicate) ]

(* A convolution with its numbers of channels. *)
type layer = { in_channels : int; out_channels : int; groups : int; mode : string; axes : Checker.axis list;
               kernels : Checker.q list list; b : Checker.q list }

(* The layer as the checker takes it. *)
let checked l : Checker.convolution =
  { groups = Numbers.nat_of l.groups; inputs = Numbers.nat_of (l.in_channels / l.groups);
    outputs = Numbers.nat_of (l.out_channels / l.groups); axes = l.axes; mode = List.assoc l.mode modes;
    kernels = l.kernels; biases = l.b }

let whole place least value =
  let q = Layer_file.entry place value in
  if not (Z.equal (Q.den q) Z.one) || Z.lt (Q.num q) (Z.of_int least) then
    unreadable "layer file: %s: expected an integer >= %d, found %s" place least (show value);
  Q.num q

(* One integer for all axes, or one for each. *)
let per_axis place d least value =
  match value with
  | List l when List.length l = d -> List.map (whole place least) l
  | List _ -> unreadable "layer file: %s: expected one integer, or one for each of %d axes, found %s" place d (show value)
  | one -> List.init d (fun _ -> whole place least one)

let padding d value =
  match value with
  | List l when List.exists (function List _ -> true | _ -> false) l ->
      if List.length l <> d then unreadable "layer file: padding: expected pairs for %d axes, found %s" d (show value);
      List.map
        (function
          | List [ low; high ] -> (whole "padding" 0 low, whole "padding" 0 high)
          | found -> unreadable "layer file: padding: expected a pair, found %s" (show found))
        l
  | _ -> List.map (fun w -> (w, w)) (per_axis "padding" d 0 value)

let rec shape = function List [] -> [ 0 ] | List (first :: _ as l) -> List.length l :: shape first | _ -> []

let rec flat place shape value =
  match (shape, value) with
  | [], _ -> [ Layer_file.rational (Layer_file.entry place value) ]
  | count :: rest, List l when List.length l = count -> List.concat_map (flat place rest) l
  | count :: _, _ -> unreadable "layer file: %s: expected a list of %d, found %s" place count (show value)

let layer members =
  let known = [ "kernels"; "b"; "stride"; "dilation"; "padding"; "groups"; "padding_mode" ] in
  let names = List.map fst members in
  if not (List.mem "kernels" names) || not (List.for_all (fun n -> List.mem n known) names) then
    unreadable "layer file: expected kernels, and perhaps b, stride, dilation, padding, groups, padding_mode";
  if List.length (List.sort_uniq compare names) < List.length names then unreadable "layer file: a key is repeated";
  let found name otherwise = Option.value (List.assoc_opt name members) ~default:otherwise in
  let kernels = List.assoc "kernels" members in
  match shape kernels with
  | outputs :: inputs :: kernel_size when List.mem (List.length kernel_size) [ 1; 2; 3 ] && not (List.mem 0 (outputs :: inputs :: kernel_size)) ->
      let d = List.length kernel_size and one = Number Z.one and zero = Number Z.zero in
      let groups = whole "groups" 1 (found "groups" one) in
      if not (Z.fits_int groups) || outputs mod Z.to_int groups <> 0 then
        unreadable "layer file: groups: %s does not divide the %d output channels" (Z.to_string groups) outputs;
      let mode = match found "padding_mode" (Text "zeros") with Text m when List.mem_assoc m modes -> m | other -> unreadable "layer file: padding_mode: found %s" (show other) in
      let groups = Z.to_int groups in
      let strides = per_axis "stride" d 1 (found "stride" one) and dilations = per_axis "dilation" d 1 (found "dilation" one) in
      let paddings = padding d (found "padding" zero) in
      let axis k size : Checker.axis =
        { taps = Z.of_int size; stride = List.nth strides k; dilation = List.nth dilations k;
          low = fst (List.nth paddings k); high = snd (List.nth paddings k) } in
      { in_channels = inputs * groups; out_channels = outputs; groups; mode; axes = List.mapi axis kernel_size;
        kernels = (match kernels with List l -> List.map (flat "kernels" (inputs :: kernel_size)) l | _ -> []);
        b = flat "b" [ outputs ] (found "b" (List (List.init outputs (fun _ -> zero)))) }
  | axes -> unreadable "layer file: kernels: expected the axes out, in / groups and 1 to 3 of the grid, found %d axes" (List.length axes)

let read = Layer_file.read_other "kernel" layer
