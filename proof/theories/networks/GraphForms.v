(** Entries of the values of a graph as affine functions of the entries of its atoms, the inputs and the values of steps
    that are not affine: their forms, made when they are asked for. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Rows Tables.
From Proof.convolution Require Import Convolutions Windows.
From Proof.networks Require Import Graphs.
Import ListNotations.
Open Scope Z_scope.

(** An entry of a value, times an integer. *)
Record part := Part { part_value : Z; part_entry : Z; part_factor : Z }.

(** The sum of the parts and a constant, over a positive denominator. *)
Record form := Form { parts : list part; form_constant : Z; form_denominator : Z }.

Definition before (p q : part) : bool :=
  (part_value p <? part_value q) || ((part_value p =? part_value q) && (part_entry p <? part_entry q)).

(** Two sums as one; parts in increasing order, each entry once. *)
Fixpoint merged (l : list part) : list part -> list part :=
  match l with
  | [] => fun m => m
  | p :: l' =>
      (fix inner (m : list part) : list part :=
         match m with
         | [] => p :: l'
         | q :: m' =>
             if before p q then p :: merged l' m
             else if before q p then q :: inner m'
             else if (part_value p =? part_value q) && (part_entry p =? part_entry q) then
               let k := part_factor p + part_factor q in
               if k =? 0 then merged l' m' else Part (part_value p) (part_entry p) k :: merged l' m'
             else p :: merged l' m
         end)
  end.

Fixpoint merged_pairs (sums : list (list part)) : list (list part) :=
  match sums with
  | a :: b :: rest => merged a b :: merged_pairs rest
  | _ => sums
  end.

Fixpoint merged_all {A : Type} (rounds : list A) (sums : list (list part)) : list part :=
  match sums, rounds with
  | [], _ => []
  | [a], _ => a
  | _, _ :: rounds' => merged_all rounds' (merged_pairs sums)
  | a :: rest, [] => fold_left merged rest a
  end.

Definition times_part (k : Z) (p : part) : part := Part (part_value p) (part_entry p) (k * part_factor p).
Definition times_parts (k : Z) (ps : list part) : list part :=
  if k =? 1 then ps else if k =? 0 then [] else map (times_part k) ps.

(** The forms of the entries of a sum, with their factors. *)
Fixpoint found_forms (lookup : Z -> Z -> option form) (ps : list part) : option (list (Z * form)) :=
  match ps with
  | [] => Some []
  | p :: ps' =>
      match lookup (part_value p) (part_entry p), found_forms lookup ps' with
      | Some f, Some rest => Some ((part_factor p, f) :: rest)
      | _, _ => None
      end
  end.

(** Each over the common denominator d. *)
Fixpoint over_denominator (d : Z) (fs : list (Z * form)) : option (list (list part) * Z) :=
  match fs with
  | [] => Some ([], 0)
  | (k, f) :: fs' =>
      let q := Z.quot d (form_denominator f) in
      if q * form_denominator f =? d then
        match over_denominator d fs' with
        | Some (rest, constant) => Some (times_parts (k * q) (parts f) :: rest, k * q * form_constant f + constant)
        | None => None
        end
      else None
  end.

(** A form in which each entry has been replaced by its own form. *)
Definition resolved (lookup : Z -> Z -> option form) (f : form) : option form :=
  match found_forms lookup (parts f) with
  | None => None
  | Some fs =>
      let d := fold_left (fun d kf => Z.lcm d (form_denominator (snd kf))) fs 1 in
      match over_denominator d fs with
      | Some (sums, constant) =>
          if (0 <? d) && (0 <? form_denominator f) then
            Some (Form (merged_all sums sums) (form_constant f * d + constant) (form_denominator f * d))
          else None
      | None => None
      end
  end.

(** * The entries of affine steps *)

Fixpoint numbers_from (count : nat) (i : Z) : list Z :=
  match count with O => [] | S count' => i :: numbers_from count' (i + 1) end.

Definition numbers (n : Z) : list Z := numbers_from (Z.to_nat n) 0.

Definition rational_form (q : Q) : form := Form [] (Qnum q) (Zpos (Qden q)).
Definition entry_form (v j : Z) : form := Form [Part v j 1] 0 1.

(** A row in integers: its entries that are not 0, with their numbers. *)
Fixpoint nonzero_from (j : Z) (w : list Z) : list (Z * Z) :=
  match w with
  | [] => []
  | a :: w' => if a =? 0 then nonzero_from (j + 1) w' else (j, a) :: nonzero_from (j + 1) w'
  end.

Fixpoint sparse_rows (layer : list row) : option (list (list (Z * Z) * (Z * Z))) :=
  match layer with
  | [] => Some []
  | r :: layer' =>
      match over_one_denominator (bias r :: normal r), sparse_rows layer' with
      | Some (b :: w, d), Some rest => Some ((nonzero_from 0 w, (b, d)) :: rest)
      | _, _ => None
      end
  end.

Definition dense_form (v start : Z) (r : list (Z * Z) * (Z * Z)) : form :=
  Form (map (fun p => Part v (start + fst p) (snd p)) (fst r)) (fst (snd r)) (snd (snd r)).

Definition dense_forms (v n blocks : Z) (rows : list (list (Z * Z) * (Z * Z))) : list (delayed form) :=
  flat_map (fun block => map (fun r => Delay (fun _ => dense_form v (block * n) r)) rows) (numbers blocks).

(** What a window reads with a kernel in integers. *)
Fixpoint kernel_parts (C : convolution) (N : list Z) (v : Z) (a : nat) (t : list Z) (taps : list (Z * (nat * list Z))) : list part :=
  match taps with
  | [] => []
  | (k, (i, u)) :: taps' =>
      let rest := kernel_parts C N v a t taps' in
      if k =? 0 then rest
      else match place_read (mode C) (axes C) N t u with
           | Some j => Part v (place_number (Z.of_nat (input_channel C a i)) N j) k :: rest
           | None => rest
           end
  end.

Definition channel_forms (C : convolution) (N : list Z) (v : Z) (starts : list (list Z)) (all : list (nat * list Z)) (a q : nat)
  : list (delayed form) :=
  match over_one_denominator (nth (output_channel C a q) (biases C) 0%Q :: nth (output_channel C a q) (kernels C) []) with
  | Some (b :: ks, d) => map (fun t => Delay (fun _ => Form (kernel_parts C N v a t (combine ks all)) b d)) starts
  | _ => map (fun _ => Delay (fun _ => Form [] 0 0)) starts
  end.

Definition convolution_forms (C : convolution) (N : list Z) (v : Z) (starts : list (list Z)) (all : list (nat * list Z))
  : list (delayed form) :=
  flat_map (fun a => flat_map (channel_forms C N v starts all a) (seq 0 (outputs C))) (seq 0 (groups C)).

Definition number_at (each L : Z) (numbers : table Q) (i : Z) : option Q := entry numbers ((i / each) mod L).

(** s v_i + t. *)
Definition scale_form (v each L : Z) (scale shift : table Q) (i : Z) : form :=
  match number_at each L scale i, number_at each L shift i with
  | Some s, Some t =>
      match over_one_denominator [s; t] with
      | Some ([s'; t'], d) => Form [Part v i s'] t' d
      | _ => Form [] 0 0
      end
  | _, _ => Form [] 0 0
  end.

Definition scale_forms (v each L : Z) (scale shift : table Q) (n : Z) : list (delayed form) :=
  map (fun i => Delay (fun _ => scale_form v each L scale shift i)) (numbers n).

Definition sum_form (signed : list (Z * Z)) (i : Z) : form := Form (map (fun p => Part (snd p) i (fst p)) signed) 0 1.

Definition first_number (l : list Z) : Z := match l with [] => 0 | a :: _ => a end.

(** The entries of an affine step by those of the values that it reads, which have so many entries; None of another step. *)
Definition affine_entries (op : operation) (read sizes : list Z) : option (list (delayed form)) :=
  let v := first_number read in
  let n := first_number sizes in
  match op, read with
  | DenseStep layer columns, _ :: _ =>
      match sparse_rows layer with Some rows => Some (dense_forms v columns (n / columns) rows) | None => None end
  | ConvolutionStep C N, _ :: _ => Some (convolution_forms C N v (map (start (axes C)) (windows (axes C) N)) (all_taps C))
  | ScaleStep each scale shift, _ :: _ =>
      if Nat.eqb (length scale) (length shift) then
        Some (scale_forms v each (Z.of_nat (length scale)) (with_entries no_entries scale) (with_entries no_entries shift) n)
      else None
  | SumStep signs, _ :: _ => Some (map (fun i => Delay (fun _ => sum_form (combine signs read) i)) (numbers n))
  | MeanStep windows, _ :: _ =>
      Some (map (fun w => Delay (fun _ => Form (map (fun j => Part v j 1) (named_places (fst w))) 0 (Zpos (snd w)))) windows)
  | MoveStep moved fill, _ :: _ =>
      Some (map (fun j => Delay (fun _ => if j <? 0 then rational_form fill else entry_form v j)) moved)
  | JoinStep, _ :: _ =>
      Some (flat_map (fun p => map (fun i => Delay (fun _ => entry_form (fst p) i)) (numbers (snd p))) (combine read sizes))
  | ConstantStep constants, [] => Some (map (fun q => Delay (fun _ => rational_form q)) constants)
  | _, _ => None
  end.

Definition is_affine (op : operation) : bool :=
  match op with
  | DenseStep _ _ | ConvolutionStep _ _ | ScaleStep _ _ _ | SumStep _ | MeanStep _ | MoveStep _ _ | JoinStep | ConstantStep _ => true
  | _ => false
  end.

(** * The forms of a graph *)

Inductive value_forms :=
  | AtomForms
  | AffineForms (forms : delayed (table (delayed (option form)))).

Definition form_of (known : table value_forms) (v i : Z) : option form :=
  match entry known v with
  | None => None
  | Some AtomForms => Some (entry_form v i)
  | Some (AffineForms forms) => match entry (force forms) i with Some f => force f | None => None end
  end.

Definition resolved_forms (known : table value_forms) (entries : option (list (delayed form))) : table (delayed (option form)) :=
  match entries with
  | Some l => with_entries no_entries (map (fun f => Delay (fun _ => resolved (form_of known) (force f))) l)
  | None => no_entries
  end.

Fixpoint entries_at {A : Type} (t : table A) (numbers : list Z) : option (list A) :=
  match numbers with
  | [] => Some []
  | v :: rest => match entry t v, entries_at t rest with Some a, Some l => Some (a :: l) | _, _ => None end
  end.

Definition forms_of_step (sizes : table Z) (known : table value_forms) (s : step) : value_forms :=
  if is_affine (operation_of s) then
    AffineForms (Delay (fun _ => resolved_forms known
      (match entries_at sizes (reads s) with Some ns => affine_entries (operation_of s) (reads s) ns | None => None end)))
  else AtomForms.

Fixpoint forms_from (sizes : table Z) (steps : list step) (known : table value_forms) : table value_forms :=
  match steps with
  | [] => known
  | s :: rest => forms_from sizes rest (with_entry known (forms_of_step sizes known s))
  end.

(** The forms of all values, none of which is made yet. *)
Definition forms_of (sizes : table Z) (G : graph) : table value_forms :=
  forms_from sizes (graph_steps G) (with_entries no_entries (map (fun _ => AtomForms) (graph_inputs G))).

(** * Numbers of entries *)

Definition size_of_step (op : operation) (sizes : list Z) : Z :=
  let n := first_number sizes in
  match op with
  | DenseStep layer columns => if 0 <? columns then n / columns * Z.of_nat (length layer) else -1
  | ConvolutionStep C N => Z.of_nat (groups C) * (Z.of_nat (outputs C) * Z.of_nat (length (windows (axes C) N)))
  | ScaleStep _ _ _ | SumStep _ | LeakyStep _ _ | ClipStep _ _ | SquareStep | OneToOneStep _ => n
  | MeanStep windows => Z.of_nat (length windows)
  | MoveStep moved _ => Z.of_nat (length moved)
  | JoinStep => fold_right Z.add 0 sizes
  | ConstantStep constants => Z.of_nat (length constants)
  | MaximumStep windows => Z.of_nat (length windows)
  | OtherStep count => count
  end.

(** None unless each step reads values before it. *)
Fixpoint sizes_from (steps : list step) (sizes : table Z) : option (table Z) :=
  match steps with
  | [] => Some sizes
  | s :: rest =>
      match entries_at sizes (reads s) with
      | None => None
      | Some ns =>
          let n := size_of_step (operation_of s) ns in
          if 0 <=? n then sizes_from rest (with_entry sizes n) else None
      end
  end.

Definition sizes_of (G : graph) : option (table Z) :=
  if forallb (fun c => 0 <=? c) (graph_inputs G) then sizes_from (graph_steps G) (with_entries no_entries (graph_inputs G)) else None.
