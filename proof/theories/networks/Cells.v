(** Rule "cell-pairs", the list of cells: regions on which the signs of all neurons are known, and which cover the domain. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Elimination Combinations.
From Proof.networks Require Import Dependencies Intervals Pieces.
Import ListNotations.
Open Scope Z_scope.

(** What stands in the list: a neuron with both signs; with one sign, and the support that shows it; at a cell, the supports
    of its bounds, two for each direction, None for no bound. *)
Inductive cell_item :=
  | BothSigns
  | OneSign (positive : bool) (support : list Z)
  | CellBounds (supports : list (option (list Z))).

(** The signs of the first neurons, and the functions that are at least 0 where they have them: the newest first. *)
Record pattern := Pattern { known : list (bool * list Z); known_count : Z }.

Definition turned_to (positive : bool) (z : list Z) : list Z := if positive then z else map Z.opp z.

Definition with_sign (P : pattern) (positive : bool) (z : list Z) : pattern :=
  Pattern ((positive, coprime (turned_to positive z)) :: known P) (known_count P + 1).

(** A region with all signs, and the outputs of the network there over one denominator. *)
Record cell := Cell { region : pattern; outputs : list (list Z); output_denominator : Z }.

(** Of a leaf the cell and its number; of a branch how many cells it has. And an interval for each direction. *)
Inductive cell_tree :=
  | Leaf (c : cell) (index : Z) (intervals : list interval)
  | Branch (a b : cell_tree) (cells : Z) (intervals : list interval).

Definition intervals_of (t : cell_tree) : list interval := match t with Leaf _ _ i => i | Branch _ _ _ i => i end.
Definition cells_of (t : cell_tree) : Z := match t with Leaf _ _ _ => 1 | Branch _ _ c _ => c end.

Definition joined (a b : cell_tree) : cell_tree :=
  Branch a b (cells_of a + cells_of b) (hulls (intervals_of a) (intervals_of b)).

Fixpoint at_position {A : Type} (l : list A) (i : Z) : option A :=
  match l with [] => None | a :: l' => if i =? 0 then Some a else at_position l' (i - 1) end.

(** The functions that numbers stand for. *)
Fixpoint all_functions (function_of : Z -> option (list Z)) (numbers : list Z) : outcome (list (list Z)) :=
  match numbers with
  | [] => Good []
  | i :: numbers' =>
      match function_of i with
      | None => Bad (NoSuchFunction i)
      | Some f =>
          match all_functions function_of numbers' with Good rest => Good (f :: rest) | Bad why => Bad why end
      end
  end.

Section Reading.

Variable n : nat.
Variable neurons : Z.  (* how many there are *)
Variable limits : list (list Z).  (* the functions of the domain *)
Variable one_number : Z.  (* the number of the constant 1 *)
Variable directions : list (list Z).

Definition function_of (P : pattern) (i : Z) : option (list Z) :=
  if i =? one_number then Some (1 :: repeat 0 n)
  else if (0 <=? i) && (i <? known_count P) then option_map snd (at_position (known P) (known_count P - 1 - i))
  else if neurons <=? i then at_position limits (i - neurons)
  else None.

(** The upper end for the function F of the outputs, over d. *)
Definition upper_end (P : pattern) (F : list Z) (d : Z) (support : option (list Z)) : outcome interval_end :=
  match support with
  | None => Good None
  | Some numbers =>
      match all_functions (function_of P) numbers with
      | Bad why => Bad why
      | Good functions =>
          match coefficients_of (map (@tl Z) (F :: functions)) with
          | None => Bad NoBound
          | Some found =>
              match combination found (F :: functions) with
              | total :: gradient =>
                  if all_zero gradient then Good (fraction total (hd 0 found * d)) else Bad NoBound
              | [] => Bad NoBound
              end
          end
      end
  end.

Fixpoint bounds_of (c : cell) (directions : list (list Z)) (supports : list (option (list Z)))
  : outcome (list interval) :=
  match directions, supports with
  | direction :: directions', above :: beneath :: supports' =>
      let F := combination direction (outputs c) in
      match upper_end (region c) F (output_denominator c) above with
      | Bad why => Bad why
      | Good upper =>
          match upper_end (region c) (map Z.opp F) (output_denominator c) beneath with
          | Bad why => Bad why
          | Good lower =>
              match bounds_of c directions' supports' with
              | Bad why => Bad why
              | Good rest => Good ((upper, option_map (fun e => (- fst e, snd e)) lower) :: rest)
              end
          end
      end
  | _, _ => Good []
  end.

(** What goes on with a region: it is given the items from here on and the number of the next cell, and gives the tree of the
    region, the items that are left, and the number of the next cell. *)
Definition reader := pattern -> stream cell_item -> Z -> outcome (cell_tree * stream cell_item * Z).

Definition read_cell (rows : list (list Z)) (d : Z) : reader := fun P items cells =>
  match kernel_of n (map (@tl Z) rows) with
  | _ :: _ => Bad (RankBelow cells)
  | [] =>
      match items with
      | Done => Bad CellsEnd
      | More (CellBounds supports) rest =>
          if Nat.eqb (length supports) (2 * length directions) then
            let c := Cell P rows d in
            match bounds_of c directions supports with
            | Good intervals => Good (Leaf c cells intervals, rest, cells + 1)
            | Bad why => Bad why
            end
          else Bad (BoundsExpected cells)
      | More _ _ => Bad (BoundsExpected cells)
      end
  end.

(** The pre-activations that are left in a layer, each with its slope. [factors] says what the rows before are multiplied by, the
    last one first; [finish] goes on behind the layer. *)
Fixpoint read_rows (rows : list (list Z * Q)) (finish : list Q -> reader) (factors : list Q) (P : pattern)
  (items : stream cell_item) (cells : Z) {struct rows} : outcome (cell_tree * stream cell_item * Z) :=
  match rows with
  | [] => finish factors P items cells
  | (z, s) :: rows' =>
      if is_one s then read_rows rows' finish (1%Q :: factors) P items cells
      else
        let side positive :=
          read_rows rows' finish ((if positive : bool then 1%Q else s) :: factors) (with_sign P positive z) in
        if all_zero z then side true items cells
        else
          match items with
          | Done => Bad CellsEnd
          | More BothSigns rest =>
              match side true rest cells with
              | Bad why => Bad why
              | Good (a, rest', cells') =>
                  match side false rest' cells' with
                  | Bad why => Bad why
                  | Good (b, rest'', cells'') => Good (joined a b, rest'', cells'')
                  end
              end
          | More (OneSign positive support) rest =>
              match all_functions (function_of P) support with
              | Bad why => Bad why
              | Good functions =>
                  if positive_dependency (turned_to (negb positive) z :: functions) then side positive rest cells
                  else Bad (NotOneSign (known_count P))
              end
          | More (CellBounds _) _ => Bad (NeuronExpected (known_count P))
          end
  end.

(** The layers that are left, and the outputs of those before over d. *)
Fixpoint read_layers (layers : list integer_layer) (inputs : list (list Z)) (d : Z) (P : pattern)
  (items : stream cell_item) (cells : Z) {struct layers} : outcome (cell_tree * stream cell_item * Z) :=
  match layers with
  | [] => read_cell inputs d P items cells
  | L :: layers' =>
      let (rows, e) := pre_activations n L inputs d in
      read_rows (combine rows (slopes L))
        (fun factors P items cells =>
          match activations rows e (rev factors) with
          | Some (rows', e') => read_layers layers' rows' e' P items cells
          | None => Bad WrongShape
          end)
        [] P items cells
  end.

End Reading.

Open Scope R_scope.

(** * What is proved *)

(** The pre-activations among these that neurons have. *)
Definition neurons_in (l : list (Q * R)) : list R := map snd (filter (fun a => negb (is_one (fst a))) l).

(** The pre-activations of all neurons at an input, in order. *)
Fixpoint neuron_values (N : list (list sloped_row)) (v : point) : list R :=
  match N with
  | [] => []
  | L :: rest => neurons_in (sloped L v) ++ neuron_values rest (point_of (layer_value L v))
  end.

Definition signed (positive : bool) (z : R) : R := if positive then z else - z.

(** A neuron with the pre-activation z has this sign; and its function is there a positive multiple of |z|. *)
Definition fits (k : bool * list Z) (z : R) : Prop := 0 <= signed (fst k) z.
Definition kept (p : point) (k : bool * list Z) (z : R) : Prop :=
  fits k z /\ exists f, 0 < f /\ signed (fst k) z = f * idot (snd k) p.

(** A point, as (1, x), whose neurons have the pre-activations zs, the last one first, and whose output is v, lies in a cell. *)
Definition lies_in (p : point) (c : cell) (zs : list R) (v : point) : Prop :=
  Forall2 (kept p) (known (region c)) zs /\ values_at p (output_denominator c) (outputs c) v.

Fixpoint leaf (t : cell_tree) (c : cell) : Prop :=
  match t with Leaf c' _ _ => c = c' | Branch a b _ _ => leaf a c \/ leaf b c end.

Lemma kept_nonnegative : forall p k z, kept p k z -> 0 <= idot (snd k) p.
Proof. intros p k z (F & f & F0 & E). unfold fits in F. rewrite E in F. apply Rmult_le_reg_l with f; lra. Qed.

Lemma at_position_in : forall A (l : list A) i a, at_position l i = Some a -> In a l.
Proof.
  induction l as [|b l IH]; intros i a H; cbn [at_position] in H; [discriminate|].
  destruct (i =? 0)%Z; [left; congruence|right; apply (IH _ _ H)].
Qed.

Lemma all_functions_spec : forall named numbers functions, all_functions named numbers = Good functions ->
  Forall2 (fun i f => named i = Some f) numbers functions.
Proof.
  induction numbers as [|i numbers IH]; intros functions H; cbn [all_functions] in H; [injection H as <-; constructor|].
  destruct (named i) as [f|] eqn:E; [|discriminate]. destruct (all_functions named numbers) as [rest|]; [|discriminate].
  injection H as <-. constructor; [exact E|]. apply IH. reflexivity.
Qed.

(** * One cell *)

Section Right.

Variable n : nat.
Variable neurons : Z.
Variable limits : list (list Z).
Variable one_number : Z.
Variable directions : list (list Z).

(** Cells of full rank, with their intervals, and what is made of them. *)
Inductive made : cell_tree -> Prop :=
  | MadeLeaf : forall c i intervals supports, kernel_of n (map (@tl Z) (outputs c)) = [] ->
      bounds_of n neurons limits one_number c directions supports = Good intervals -> made (Leaf c i intervals)
  | MadeBranch : forall a b, made a -> made b -> made (joined a b).

Lemma made_full_rank : forall t c, made t -> leaf t c -> kernel_of n (map (@tl Z) (outputs c)) = [].
Proof.
  intros t c M. induction M as [c' i intervals supports R B|a b _ IHa _ IHb]; cbn [leaf joined].
  - intros ->. exact R.
  - intros [L|L]; auto.
Qed.

Lemma upper_end_proper : forall P F d support e, upper_end n neurons limits one_number P F d support = Good e -> proper_end e.
Proof.
  intros P F d support e H. unfold upper_end in H. destruct support as [numbers|]; [|injection H as <-; exact I].
  destruct (all_functions _ numbers) as [functions|]; [|discriminate].
  destruct (coefficients_of _) as [found|]; [|discriminate].
  destruct (combination found (F :: functions)) as [|total gradient]; [discriminate|].
  destruct (all_zero gradient); [|discriminate]. injection H as <-. apply fraction_proper.
Qed.

Lemma bounds_of_proper : forall c chosen supports intervals,
  bounds_of n neurons limits one_number c chosen supports = Good intervals -> Forall proper intervals.
Proof.
  intro c. induction chosen as [|direction chosen IH]; intros supports intervals H; cbn [bounds_of] in H;
    [injection H as <-; constructor|].
  destruct supports as [|above [|beneath supports]]; [injection H as <-; constructor|injection H as <-; constructor|].
  destruct (upper_end _ _ _ _ _ _ _ above) as [upper|] eqn:U; [|discriminate].
  destruct (upper_end _ _ _ _ _ _ _ beneath) as [lower|] eqn:W; [|discriminate].
  destruct (bounds_of _ _ _ _ c chosen supports) as [rest|] eqn:B; [|discriminate]. injection H as <-.
  constructor; [|apply (IH _ _ B)]. apply upper_end_proper in U, W. split; [exact U|].
  destruct lower as [[a b]|]; [exact W|exact I].
Qed.

Lemma made_proper : forall t, made t -> Forall proper (intervals_of t).
Proof.
  induction 1 as [c i intervals supports R B|a b _ IHa _ IHb]; cbn [intervals_of joined].
  - apply (bounds_of_proper _ _ _ _ B).
  - apply hulls_proper; assumption.
Qed.

Variable x : point.
(** The point as (1, x). *)
Let p : point := cons 1 x.
Hypothesis limits_hold : forall f, In f limits -> 0 <= idot f p.

Lemma function_of_nonnegative : forall P zs i f, Forall2 (kept p) (known P) zs ->
  function_of n neurons limits one_number P i = Some f -> 0 <= idot f p.
Proof.
  intros P zs i f K H. unfold function_of in H. destruct (i =? one_number)%Z.
  - injection H as <-. unfold p. rewrite idot_constant. lra.
  - destruct ((0 <=? i) && (i <? known_count P))%Z.
    + destruct (at_position (known P) _) as [k|] eqn:A; [|discriminate]. injection H as <-. apply at_position_in in A.
      destruct (Forall2_in_left _ _ _ _ _ K k A) as (z & _ & KZ). apply (kept_nonnegative _ _ _ KZ).
    + destruct (neurons <=? i)%Z; [|discriminate]. apply limits_hold, (at_position_in _ _ _ _ H).
Qed.

Lemma functions_nonnegative : forall P zs numbers functions, Forall2 (kept p) (known P) zs ->
  all_functions (function_of n neurons limits one_number P) numbers = Good functions ->
  forall f, In f functions -> 0 <= idot f p.
Proof.
  intros P zs numbers functions K H f F. apply all_functions_spec in H.
  destruct (Forall2_in_right _ _ _ _ _ H f F) as (i & _ & E). apply (function_of_nonnegative P zs i f K E).
Qed.

Lemma upper_end_holds : forall P zs F d support e r, Forall2 (kept p) (known P) zs ->
  upper_end n neurons limits one_number P F d support = Good e -> 0 < IZR d -> idot F p = IZR d * r -> at_most r e.
Proof.
  intros P zs F d support e r K H D E. unfold upper_end in H. destruct support as [numbers|]; [|injection H as <-; exact I].
  destruct (all_functions _ numbers) as [functions|] eqn:A; [|discriminate].
  assert (N := functions_nonnegative P zs numbers functions K A).
  destruct (coefficients_of _) as [found|] eqn:C; [|discriminate]. apply coefficients_of_spec in C as [C L].
  destruct (combination found (F :: functions)) as [|total gradient] eqn:T; [discriminate|].
  destruct (all_zero gradient) eqn:G; [|discriminate]. injection H as <-.
  assert (V := combination_value found (F :: functions) p). rewrite T in V. unfold p in V at 1.
  rewrite idot_cons, (all_zero_value gradient x G) in V.
  destruct found as [|k ks]; [discriminate L|]. cbn [all_positive forallb] in C. apply andb_prop in C as [K0 C].
  apply Z.ltb_lt, IZR_lt in K0. cbn [idot nth hd] in *.
  destruct (positive_total ks (fun j => idot (nth j functions []) p) C) as [S _].
  { intros j J. apply N, nth_In. rewrite map_length in L. simpl in L. lia. }
  assert (B : 0 < IZR (k * d)) by (rewrite mult_IZR; apply Rmult_lt_0_compat; assumption).
  assert (Q := fraction_spec total (k * d)). destruct (fraction total (k * d)) as [[c b]|]; [|exact I].
  destruct Q as [B' Q]. cbn [at_most]. rewrite mult_IZR in B, Q. rewrite E in V.
  apply Rmult_le_reg_r with (IZR k * IZR d); [exact B|]. rewrite <- Q.
  replace (r * IZR b * (IZR k * IZR d)) with (IZR k * (IZR d * r) * IZR b) by ring.
  apply Rmult_le_compat_r; lra.
Qed.

Lemma bounds_of_within : forall c zs v chosen supports intervals, lies_in p c zs v ->
  bounds_of n neurons limits one_number c chosen supports = Good intervals -> within chosen intervals v.
Proof.
  intros c zs v. induction chosen as [|direction chosen IH]; intros supports intervals Y H;
    cbn [bounds_of] in H; [injection H as <-; exact I|].
  destruct supports as [|above [|beneath supports]]; [injection H as <-; exact I|injection H as <-; exact I|].
  destruct (upper_end _ _ _ _ _ _ _ above) as [upper|] eqn:U; [|discriminate].
  destruct (upper_end _ _ _ _ _ _ _ beneath) as [lower|] eqn:W; [|discriminate].
  destruct (bounds_of _ _ _ _ c chosen supports) as [rest|] eqn:B; [|discriminate]. injection H as <-.
  cbn [within]. split; [|apply (IH _ _ Y B)]. destruct Y as (K & D & V).
  assert (E : idot (combination direction (outputs c)) p = IZR (output_denominator c) * idot direction v).
  { rewrite combination_value, <- idot_times. apply idot_ext. intros j _. apply V. }
  split; cbn [fst snd].
  - apply (upper_end_holds _ _ _ _ _ _ _ K U D E).
  - assert (M : at_most (- idot direction v) lower).
    { apply (upper_end_holds _ _ _ _ _ _ _ K W D). rewrite idot_opp, E. ring. }
    destruct lower as [[a b]|]; [|exact I]. cbn [at_most at_least option_map fst snd] in *. rewrite opp_IZR. lra.
Qed.

(** The outputs at points of the cells lie in the intervals of the tree. *)
Theorem made_within : forall t c zs v, made t -> leaf t c -> lies_in p c zs v -> within directions (intervals_of t) v.
Proof.
  intros t c zs v M L Y. induction M as [c' i intervals supports R B|a b MA IHa MB IHb]; cbn [leaf joined intervals_of] in *.
  - subst c'. apply (bounds_of_within c zs v _ _ _ Y B).
  - apply hulls_within; [apply made_proper, MA|apply made_proper, MB|]. destruct L as [L|L]; auto.
Qed.

End Right.
